import { Box } from '@mantine/core';
import { ButtonLink } from '../ui/links.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';

export function NotFound() {
  return (
    <Box component="main" maw={720} mx="auto" px="lg" py={48}>
      <Page title="Not found">
        <EmptyState
          icon="search"
          title="There is nothing at this address"
          action={
            <ButtonLink to="/" variant="light">
              Go home
            </ButtonLink>
          }
        >
          The link may be old, or a letter was lost on the way.
        </EmptyState>
      </Page>
    </Box>
  );
}
