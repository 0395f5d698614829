import { Badge, Button, Card, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Connection } from '../../../src/wire/connections.ts';
import type { EventKind } from '../../../src/wire/events.ts';
import { tessera } from '../../api/tessera.ts';
import { DataTable } from '../../ui/data-table.tsx';
import { notifyFault } from '../../ui/notify.ts';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import classes from './connections.module.css';

const WORDS: Readonly<Record<EventKind, readonly [string, string]>> = {
  credential_refused: ['Refused', 'red'],
  credential_accepted_again: ['Accepted again', 'tile'],
  credential_ending: ['Ending', 'yellow'],
  certificate_changed: ['Certificate changed', 'red'],
  trust_ending: ['Trust ending', 'yellow'],
  fallback_used: ['Fallback used', 'orange'],
  machine_failed: ['Machine not made', 'orange'],
  machine_left_over: ['Machine left over', 'red'],
};

interface ConnectionEventsProps {
  readonly connection: Connection;
  readonly manages: boolean;
}

/** What happened while nobody looked. */
export function ConnectionEvents({ connection, manages }: ConnectionEventsProps) {
  const queries = useQueryClient();
  const events = useQuery({
    queryKey: ['events', connection.id],
    queryFn: () => tessera.events.list({ connection: connection.id, state: 'all', limit: 50 }),
  });
  const acknowledge = useMutation({
    mutationFn: (id: number) => tessera.events.acknowledge(id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['events'] }),
    onError: notifyFault,
  });
  const rows = events.data?.items ?? [];
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} fz="h4">
          Events
        </Title>
        {events.isPending && <Loading rows={2} />}
        {events.error !== null && <ErrorState error={events.error} title="The events could not be read" />}
        {events.isSuccess && rows.length === 0 && (
          <Text c="dimmed">
            Nothing happened yet. A first refusal, a changed certificate and an end that comes near are told
            here.
          </Text>
        )}
        {rows.length > 0 && (
          <DataTable
            label="Events"
            rows={rows}
            rowKey={({ id }) => String(id)}
            columns={[
              {
                header: 'What',
                narrow: true,
                cell: ({ kind }) => <Badge color={WORDS[kind][1]}>{WORDS[kind][0]}</Badge>,
              },
              { header: 'When', narrow: true, cell: ({ at }) => <Time at={at} /> },
              {
                header: 'In words',
                long: true,
                cell: ({ sentence }) => <span className={classes.foreign}>{sentence}</span>,
              },
              {
                header: 'Seen',
                narrow: true,
                cell: ({ id, acknowledged_at, acknowledged_by, sentence }) =>
                  acknowledged_at !== null ? (
                    <Text size="sm">by {acknowledged_by}</Text>
                  ) : manages ? (
                    <Button
                      size="xs"
                      variant="default"
                      onClick={() => acknowledge.mutate(id)}
                      aria-label={`Mark as seen: ${sentence}`}
                    >
                      Mark as seen
                    </Button>
                  ) : (
                    <Text size="sm">open</Text>
                  ),
              },
            ]}
          />
        )}
      </Stack>
    </Card>
  );
}
