import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink, ButtonLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { LeadsTo } from './leads-to.tsx';
import { LiveCalls } from './live-calls.tsx';
import { reachedAt } from './routes-page.tsx';
import { Snippets } from './snippets.tsx';
import { TryCall } from './try-call.tsx';
import { WhoMay } from './who-may.tsx';

export function RoutePage() {
  const { name } = useParams({ from: '/shell/routes/$name' });
  const found = useQuery({ queryKey: ['routes', name], queryFn: () => tessera.routes.get(name) });
  const mayChange = useMay('admin:routes');
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const removal = useMutation({
    mutationFn: () => tessera.routes.delete(name),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['routes'], refetchType: 'none' });
      notifyDone(`Deleted the route ${name}`);
      await navigate({ to: '/routes' });
    },
  });
  const route = found.data;
  return (
    <Page
      title={name}
      back={<BackLink to="/routes">Routes</BackLink>}
      lead={
        route === undefined ? undefined : (
          <>
            Leads to <LeadsTo route={route} />
            {route.connection !== null && ' with its credential'}, reached at <Code>{reachedAt(route)}</Code>
          </>
        )
      }
      actions={
        mayChange &&
        route !== undefined && (
          <Group gap="xs">
            <ButtonLink
              to="/routes/$name/edit"
              params={{ name }}
              variant="default"
              leftSection={<Icon name="edit" size={18} />}
            >
              Change
            </ButtonLink>
            <Button
              variant="default"
              color="red"
              leftSection={<Icon name="trash" size={18} />}
              onClick={() => setAsking(true)}
            >
              Delete
            </Button>
          </Group>
        )
      }
    >
      {found.isPending ? (
        <Loading label="Loading the route" />
      ) : found.error !== null ? (
        <ErrorState
          error={found.error}
          title="The route could not be read"
          onRetry={() => void found.refetch()}
        />
      ) : (
        <Stack gap="lg">
          <WhoMay route={found.data} />
          <TryCall route={found.data} />
          <Snippets route={found.data} />
          <LiveCalls name={found.data.name} />
        </Stack>
      )}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete ${name}?`}
        consequences={[
          'Whoever uses it is answered 404 from now on; calls under way are ended',
          'Its scopes and the tokens that hold them stay',
          'The connection and its credential stay',
        ]}
        action="Delete the route"
        onConfirm={() => removal.mutate()}
        pending={removal.isPending}
        error={removal.error}
      >
        <Text size="sm">Nothing brings it back but making it again.</Text>
      </ConfirmDialog>
    </Page>
  );
}
