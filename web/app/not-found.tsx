import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Page } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        icon="search"
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/" variant="light">
            Go home
          </Button>
        }
      >
        The link may be old, or a letter was lost on the way.
      </EmptyState>
    </Page>
  );
}
