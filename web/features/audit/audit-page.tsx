import { Badge, Button, Code, Group, Menu, Stack, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { AuditRow } from '../../../src/wire/audit.ts';
import { tessera } from '../../api/tessera.ts';
import { actorWords } from '../../ui/actor.ts';
import { downloadText } from '../../ui/copy.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { ChainBadge } from './chain-badge.tsx';
import { csvOf, jsonOf } from './export.ts';
import { type AuditSearch, filterOf } from './filter.ts';
import { RowDetails } from './row-details.tsx';

const PAGE_ROWS = 50;
/** What a page in a browser can hold without harm; more is for `tessera audit`. */
const EXPORT_ROWS = 10_000;

export function AuditPage() {
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate();
  const [shown, setShown] = useState<AuditRow | null>(null);
  const list = useInfiniteQuery({
    queryKey: ['audit', search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      tessera.audit.page({
        ...filterOf(search, Date.now()),
        limit: PAGE_ROWS,
        ...(pageParam === null ? {} : { cursor: pageParam }),
      }),
    getNextPageParam: (page) => page.next_cursor,
  });
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const key = JSON.stringify(search);
  return (
    <Page
      title="Audit"
      lead="Who did what, and which calls were refused. Rows are chained: a change to one shows."
      actions={<Export search={search} />}
    >
      <ChainBadge />
      <AuditFilters
        key={key}
        search={search}
        onChange={(wish) => void navigate({ to: '/audit', search: wish })}
      />
      {list.isPending ? (
        <Loading rows={6} label="Loading the trail" />
      ) : list.error !== null ? (
        <ErrorState
          error={list.error}
          title="The trail could not be read"
          onRetry={() => void list.refetch()}
        />
      ) : rows.length === 0 ? (
        <EmptyState icon="audit" title="Nothing of that kind happened">
          No row matches. Take a filter away, or look at a longer time.
        </EmptyState>
      ) : (
        <Stack gap="md">
          <DataTable
            label="Rows of the audit trail, newest first"
            columns={columns(setShown)}
            rows={rows}
            rowKey={({ seq }) => String(seq)}
          />
          {list.hasNextPage && (
            <Button
              variant="default"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Show older rows
            </Button>
          )}
        </Stack>
      )}
      <RowDetails row={shown} onClose={() => setShown(null)} />
    </Page>
  );
}

const columns = (show: (row: AuditRow) => void): readonly Column<AuditRow>[] => [
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
    header: 'What',
    cell: (row) => (
      <Group gap={6}>
        <Badge color={colourOf(row.action)}>{row.action}</Badge>
        <Subject row={row} />
      </Group>
    ),
  },
  {
    header: 'Call',
    long: true,
    cell: ({ method, path, status }) =>
      path !== null && (
        <Text span size="sm" className="break-anywhere">
          {status !== null && <Code>{status}</Code>} {method} {path}
        </Text>
      ),
  },
  {
    header: '',
    narrow: true,
    cell: (row) => (
      <Button
        size="compact-sm"
        variant="subtle"
        onClick={() => show(row)}
        aria-label={`Details of row ${row.seq}`}
      >
        Details
      </Button>
    ),
  },
];

/** What it was done to. Tokens have ids that nobody knows by heart, so theirs is the name, or whose it is. */
function Subject({ row: { action, subject, route, detail } }: { readonly row: AuditRow }) {
  if (subject === null || !/^(token|session)\./.test(action))
    return (
      <Text span size="sm" className="break-anywhere">
        {subject ?? route ?? ''}
      </Text>
    );
  const { name, owner } = detail;
  const words = typeof name === 'string' ? name : typeof owner === 'string' ? `of ${owner}` : subject;
  return (
    <TextLink to="/tokens/$id" params={{ id: subject }} size="sm" className="break-anywhere">
      {words}
    </TextLink>
  );
}

/** What was refused stands out; what ended is quiet. */
function colourOf(action: string): string {
  if (/\.(refused|fell_back)$/.test(action)) return 'red';
  return /\.(revoked|deleted|withdrawn|removed|ended|expired)$/.test(action) ? 'gray' : 'tile';
}

function Export({ search }: { readonly search: AuditSearch }) {
  const take = useMutation({
    async mutationFn(form: 'csv' | 'json') {
      const rows: AuditRow[] = [];
      for await (const row of tessera.audit.list({ ...filterOf(search, Date.now()), limit: 200 })) {
        rows.push(row);
        if (rows.length === EXPORT_ROWS) break;
      }
      downloadText(`audit.${form}`, form === 'csv' ? csvOf(rows) : jsonOf(rows));
      return rows.length;
    },
  });
  return (
    <>
      <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button variant="default" loading={take.isPending} leftSection={<Icon name="download" size={18} />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => take.mutate('csv')}>As CSV</Menu.Item>
          <Menu.Item onClick={() => take.mutate('json')}>As JSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className="visually-hidden" role="status">
        {take.data === undefined ? '' : `Exported ${take.data} rows`}
      </span>
      {take.error !== null && <ErrorState error={take.error} title="The rows could not be exported" />}
      {take.data === EXPORT_ROWS && (
        <Text size="sm" c="dimmed">
          The newest {EXPORT_ROWS} rows. For more: tessera audit --json
        </Text>
      )}
    </>
  );
}
