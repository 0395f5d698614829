import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { notifyDone, notifyFault } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './connections.module.css';
import { kindTitle } from './kinds.ts';
import { StateBadge, TrustMark } from './state-badge.tsx';

const Connect = () => (
  <Button component={Link} to="/connections/new" leftSection={<Icon name="plus" size={18} />}>
    Connect a system
  </Button>
);

/** All systems Tessera talks to, and how they are. */
export function ConnectionsPage() {
  const queries = useQueryClient();
  const manages = useMay('admin:connections');
  const [search, setSearch] = useState('');
  const list = useQuery({ queryKey: ['connections'], queryFn: () => tessera.connections.list() });
  const doctor = useMutation({
    mutationFn: () => tessera.doctor(),
    async onSuccess({ sentence }) {
      await queries.invalidateQueries({ queryKey: ['connections'] });
      notifyDone(sentence);
    },
    onError: notifyFault,
  });
  const all = list.data?.items ?? [];
  const wanted = search.trim().toLowerCase();
  const rows = all.filter((one) => `${one.name} ${one.origin} ${one.kind}`.toLowerCase().includes(wanted));
  return (
    <Page
      title="Connections"
      lead="The systems Tessera talks to, each with the credential it holds for it: sealed, tested, explained."
      actions={
        all.length === 0 ? undefined : (
          <>
            <Button
              variant="default"
              loading={doctor.isPending}
              leftSection={<Icon name="refresh" size={18} />}
              onClick={() => doctor.mutate()}
            >
              Test all
            </Button>
            {manages && <Connect />}
          </>
        )
      }
    >
      {list.isPending && <Loading />}
      {list.error !== null && (
        <ErrorState
          error={list.error}
          title="The connections could not be read"
          onRetry={() => void list.refetch()}
        />
      )}
      {list.isSuccess && all.length === 0 && (
        <EmptyState icon="plug" title="Nothing is connected yet" action={manages ? <Connect /> : undefined}>
          Give Tessera the token of a Proxmox VE, a Foreman or any HTTP API. It tests it, says what is wrong
          with it, and lets your tools use it without ever seeing it.
        </EmptyState>
      )}
      {all.length > 0 && (
        <Stack gap="sm">
          {all.length > 5 && (
            <TextInput
              aria-label="Search connections"
              placeholder="Name, address or kind"
              leftSection={<Icon name="search" size={16} />}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
              maw={320}
            />
          )}
          {rows.length === 0 ? (
            <Text c="dimmed">No connection has “{search.trim()}” in its name or address.</Text>
          ) : (
            <DataTable
              label="Connections"
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                {
                  header: 'Name',
                  cell: ({ id, name, kind, origin }) => (
                    <div>
                      <Anchor
                        fw={600}
                        renderRoot={(props) => <Link to="/connections/$id" params={{ id }} {...props} />}
                      >
                        {name}
                      </Anchor>
                      <Text size="sm" c="dimmed" className={classes.foreign}>
                        {kindTitle(kind)}, {origin}
                      </Text>
                    </div>
                  ),
                },
                { header: 'State', cell: ({ state }) => <StateBadge state={state} /> },
                { header: 'Trust', cell: ({ trust, origin }) => <TrustMark trust={trust} origin={origin} /> },
                {
                  header: 'Credential ends',
                  cell: ({ credential_expires_at }) => (
                    <Time at={credential_expires_at} never="never, or not told" />
                  ),
                },
                {
                  header: 'Last test',
                  cell: ({ last_test }) => <Time at={last_test?.at ?? null} never="none yet" />,
                },
              ]}
            />
          )}
        </Stack>
      )}
    </Page>
  );
}
