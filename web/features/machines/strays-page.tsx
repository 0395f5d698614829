import { Alert, Button, List, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { MachineStray } from '../../../src/wire/machines.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { BackLink, TextLink } from '../../ui/links.tsx';
import { notifyDone } from '../../ui/notify.ts';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { ConnectionLink } from './connection-link.tsx';
import { strayQuery, useMayTidy } from './use-jobs.ts';
import { holdsLeftover, strayWords } from './words.ts';

/** Guests on the clusters that Tessera once made and that nobody counts as a machine any more. */
export function StraysPage() {
  const may = useMayTidy();
  const mayWrite = useMay('write:machines');
  const found = useQuery({ ...strayQuery, enabled: may });
  return (
    <Page
      title="Strays"
      lead="Guests that bear Tessera's mark on a cluster, but are in nobody's list of machines: they take disk and memory, and no one looks after them."
      back={<BackLink to="/machines">Machines</BackLink>}
      actions={
        may && (
          <Button
            variant="default"
            leftSection={<Icon name="refresh" size={18} />}
            loading={found.isFetching}
            onClick={() => void found.refetch()}
          >
            Search again
          </Button>
        )
      }
    >
      {!may ? (
        <PermissionDenied scopes={[mayWrite ? 'admin:connections' : 'write:machines']} />
      ) : found.isPending ? (
        <Loading label="Searching the clusters" />
      ) : found.data === undefined ? (
        <ErrorState
          error={found.error}
          title="The clusters could not be searched"
          onRetry={() => void found.refetch()}
        />
      ) : (
        <>
          {found.error !== null && (
            <ErrorState error={found.error} title="The clusters could not be searched again" />
          )}
          <Found strays={found.data.items} unsearched={found.data.unsearched} />
        </>
      )}
    </Page>
  );
}

type Unsearched = Awaited<ReturnType<typeof tessera.strays.list>>['unsearched'];

function Found({
  strays,
  unsearched,
}: {
  readonly strays: readonly MachineStray[];
  readonly unsearched: Unsearched;
}) {
  const [asking, setAsking] = useState<MachineStray | null>(null);
  return (
    <Stack gap="lg">
      {unsearched.length > 0 && (
        <Alert color="yellow" icon={<Icon name="warning" />} title="Not everything could be searched">
          <List size="sm" spacing={4}>
            {unsearched.map(({ connection, problem }) => (
              <List.Item key={connection} className="break-anywhere">
                <ConnectionLink to={connection} name={connection} />: {problem}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {strays.length > 0 ? (
        <DataTable
          label="Strays"
          columns={columns(setAsking)}
          rows={strays}
          rowKey={({ connection, vmid }) => `${connection.id} ${vmid}`}
        />
      ) : (
        <EmptyState icon="check" title={unsearched.length > 0 ? 'None where it was searched' : 'No strays'}>
          Every guest with Tessera's mark is in the list of machines. What never had the mark is left alone.
        </EmptyState>
      )}
      {asking !== null && <Removal stray={asking} onClose={() => setAsking(null)} />}
    </Stack>
  );
}

const columns = (onRemove: (stray: MachineStray) => void): readonly Column<MachineStray>[] => [
  {
    header: 'Guest',
    cell: ({ name }) => (
      <Text span size="sm" fw={600} className="name-cell">
        {name === '' ? 'without a name' : name}
      </Text>
    ),
  },
  {
    header: 'Place',
    cell: ({ connection, node, vmid }) => (
      <Text span size="sm" className="break-anywhere">
        {connection.name}, {node}, {vmid}
      </Text>
    ),
  },
  {
    header: 'Where it comes from',
    long: true,
    cell: (stray) => (
      <Text span size="sm" className="break-anywhere">
        {strayWords(stray)}{' '}
        {stray.state !== null && (
          <TextLink to="/machines/$id" params={{ id: stray.job }} underline="always">
            See the job
          </TextLink>
        )}
      </Text>
    ),
  },
  {
    header: 'Owner',
    cell: ({ owner }) =>
      owner === null ? (
        <Text span size="sm" c="dimmed" className="nowrap">
          unknown
        </Text>
      ) : (
        <Text span size="sm" className="break-anywhere">
          {owner}
        </Text>
      ),
  },
  {
    header: '',
    narrow: true,
    cell: (stray) => (
      <Button
        size="xs"
        variant="default"
        aria-label={`Remove ${stray.name} (${stray.vmid})`}
        onClick={() => onRemove(stray)}
      >
        Remove
      </Button>
    ),
  },
];

/** A name may be borne by several, and is the stranger's choice: what is typed is the id. */
function Removal({ stray, onClose }: { readonly stray: MachineStray; readonly onClose: () => void }) {
  const { connection, vmid, node, name } = stray;
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => tessera.strays.delete(connection.id, vmid),
    async onSuccess() {
      notifyDone(`Guest ${vmid} is removed.`);
      await queries.invalidateQueries({ queryKey: ['machines'] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Remove guest ${vmid}${name === '' ? '' : ` (${name})`}?`}
      consequences={[
        `It is switched off at once and deleted from ${node} (${connection.name}), with its disks. Nothing brings it back.`,
        ...(holdsLeftover(stray)
          ? []
          : [
              stray.state === null
                ? 'Nothing is known here of the job that made it. It may be a machine that another Tessera looks after: ask before you remove it.'
                : 'It may be a copy or a restored backup that somebody uses: ask before you remove it.',
            ]),
      ]}
      action="Remove it"
      typed={String(vmid)}
      onConfirm={() => remove.mutate()}
      pending={remove.isPending}
      error={remove.error}
    />
  );
}
