import { Badge, Card, Code, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AuditRow } from '../../../src/wire/audit.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { TextLink } from '../../ui/links.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const EVERY_MS = 2_000;
const ROWS = 20;

/** The newest calls over a route, as the trail has them. */
export function LiveCalls({ name }: { readonly name: string }) {
  const mayRead = useMay('read:audit');
  const [live, setLive] = useState(true);
  const calls = useQuery({
    queryKey: ['audit', 'route', name],
    queryFn: () => tessera.audit.page({ route: name, limit: ROWS }),
    refetchInterval: live ? EVERY_MS : false,
    enabled: mayRead,
  });
  if (!mayRead) return null;
  return (
    <Card>
      <Stack gap="md">
        <Group justify="space-between">
          <Title order={2} fz="h4">
            Calls
          </Title>
          <Group gap="md">
            <TextLink to="/audit" search={{ route: name }} size="sm" underline="always">
              All calls
            </TextLink>
            <Switch label="Live" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
          </Group>
        </Group>
        {calls.isPending ? (
          <Loading rows={2} label="Loading the calls" />
        ) : calls.error !== null ? (
          <ErrorState error={calls.error} title="The calls could not be read" />
        ) : calls.data.items.length === 0 ? (
          <Text c="dimmed">Nobody has called yet. Calls appear here as they come.</Text>
        ) : (
          <DataTable
            label="Newest calls"
            columns={COLUMNS}
            rows={calls.data.items}
            rowKey={({ seq }) => String(seq)}
          />
        )}
      </Stack>
    </Card>
  );
}

const COLUMNS: readonly Column<AuditRow>[] = [
  {
    header: 'When',
    narrow: true,
    cell: ({ at }) => (
      <span className="nowrap">
        <Time at={at} />
      </span>
    ),
  },
  {
    header: 'Who',
    cell: ({ actor }) => (
      <Text span size="sm" className="break-anywhere">
        {actorWords(actor)}
      </Text>
    ),
  },
  {
    header: 'Call',
    long: true,
    cell: ({ method, path }) => (
      <Text span size="sm" className="break-anywhere">
        {method} {path}
      </Text>
    ),
  },
  {
    header: 'Answer',
    cell: ({ status, action }) => (
      <Group gap={6}>
        {status !== null && <Code>{status}</Code>}
        {action === 'route.refused' && (
          <Badge color="red" variant="light" tt="none">
            refused
          </Badge>
        )}
      </Group>
    ),
  },
];
