import { Alert, Button, Card, Group, Menu, Select, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Connection } from '../../../src/wire/connections.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Findings } from '../../ui/findings.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { dayOf, Time } from '../../ui/time.tsx';
import { ConnectionEvents } from './connection-events.tsx';
import classes from './connections.module.css';
import { CredentialCard } from './credential-card.tsx';
import { kindTitle } from './kinds.ts';
import { RightsTable } from './rights-table.tsx';
import { StateBadge } from './state-badge.tsx';
import { TrustCard } from './trust-card.tsx';
import { useWatchedTest, WatchedTest } from './watched-test.tsx';

/** One connection: how it is, how it is trusted, what it holds, what happened to it. */
export function ConnectionPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['connections', id],
    queryFn: () => tessera.connections.get(id),
  });
  const back = <BackLink to="/connections">Connections</BackLink>;
  if (data === undefined)
    return (
      <Page title={isPending ? 'Connection' : 'No such connection'} back={back}>
        {isPending ? <Loading /> : <ErrorState error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  return <Shown connection={data} back={back} />;
}

function Shown({ connection, back }: { readonly connection: Connection; readonly back: React.ReactNode }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const manages = useMay('admin:connections');
  const [deleting, setDeleting] = useState(false);
  const { watched, watch } = useWatchedTest();
  const { id, name, kind, origin, state, trust, last_test: last } = connection;
  const remove = useMutation({
    mutationFn: () => tessera.connections.remove(id),
    async onSuccess() {
      notifyDone(`${name} is deleted.`);
      await navigate({ to: '/connections' });
      await queries.invalidateQueries({ queryKey: ['connections'] });
    },
  });
  const test = async (): Promise<void> => {
    await watch(tessera.connections.watchTest(id));
    await queries.invalidateQueries({ queryKey: ['connections'] });
    await queries.invalidateQueries({ queryKey: ['events'] });
  };
  return (
    <Page
      title={name}
      lead={`${kindTitle(kind)} at ${origin}`}
      back={back}
      actions={
        manages && (
          <>
            <Button
              loading={watched.running}
              leftSection={<Icon name="play" size={18} />}
              onClick={() => void test()}
            >
              Test now
            </Button>
            <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
              <Menu.Target>
                <Button variant="default">More</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  color="red"
                  leftSection={<Icon name="trash" size={16} />}
                  onClick={() => setDeleting(true)}
                >
                  Delete
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        )
      }
    >
      {trust.warning !== null && (
        <Alert color="orange" icon={<Icon name="warning" />} title="Trust">
          <span className={classes.foreign}>{trust.warning}</span>
        </Alert>
      )}
      <Card>
        <Stack gap="sm">
          <Group gap="sm">
            <Title order={2} fz="h4">
              State
            </Title>
            <StateBadge state={state} />
          </Group>
          {last === null ? (
            <Text c="dimmed">It was not tested yet.</Text>
          ) : (
            <>
              <Text className={classes.foreign}>{last.sentence}</Text>
              <Text size="sm" c="dimmed">
                Tested <Time at={last.at} />
              </Text>
            </>
          )}
        </Stack>
      </Card>
      <WatchedTest watched={watched} />
      {watched.report === null && !watched.running && last !== null && last.findings.length > 0 && (
        <Findings findings={last.findings} />
      )}
      <CredentialCard connection={connection} manages={manages} />
      <TrustCard connection={connection} manages={manages} />
      <RightsCard connection={connection} />
      <ConnectionEvents connection={connection} manages={manages} />
      <Card>
        <Facts
          facts={[
            ['Id', id],
            ['Made', `${dayOf(connection.created_at)} by ${actorWords(connection.created_by)}`],
            ['Changed', `${dayOf(connection.updated_at)} by ${actorWords(connection.updated_by)}`],
          ]}
        />
      </Card>
      <ConfirmDialog
        opened={deleting}
        onClose={() => setDeleting(false)}
        title={`Delete ${name}?`}
        consequences={[
          'The sealed credential is forgotten here for good.',
          `It stays valid at ${origin} until it is revoked there; revoke it first if nobody else uses it.`,
          'Routes that lead to this connection refuse from then on.',
        ]}
        action="Delete the connection"
        typed={name}
        onConfirm={() => remove.mutate()}
        pending={remove.isPending}
        error={remove.error}
      />
    </Page>
  );
}

/** Has and needs for a task one may choose. */
function RightsCard({ connection }: { readonly connection: Connection }) {
  const { id, kind } = connection;
  const [task, setTask] = useState<string | null>(null);
  const kinds = useQuery({
    queryKey: ['connection-kinds'],
    queryFn: () => tessera.connections.kinds(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rights = useQuery({
    queryKey: ['connections', id, 'rights', task],
    queryFn: () => tessera.connections.rights(id, { for: task ?? '' }),
    enabled: task !== null,
    retry: false,
  });
  const tasks = kinds.data?.items.find((one) => one.kind === kind)?.tasks ?? [];
  if (tasks.length === 0) return null;
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} fz="h4">
          Rights
        </Title>
        <Select
          label="Compare what it holds with what this needs"
          placeholder="Choose a task"
          data={tasks.map((one) => ({ value: one.name, label: `${one.name}: ${one.description}` }))}
          value={task}
          onChange={setTask}
          clearable
        />
        {rights.isFetching && <Loading rows={3} label="Asking for its rights" />}
        {rights.error !== null && <ErrorState error={rights.error} />}
        {rights.data !== undefined && task !== null && <RightsTable rights={rights.data} />}
      </Stack>
    </Card>
  );
}
