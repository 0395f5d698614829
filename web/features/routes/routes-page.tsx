import { Badge, Code, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Route } from '../../../src/wire/routes.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Icon } from '../../ui/icons.tsx';
import { ButtonLink, TextLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx';
import { LeadsTo } from './leads-to.tsx';

export function RoutesPage() {
  const list = useQuery({ queryKey: ['routes'], queryFn: () => tessera.routes.list() });
  const mayMake = useMay('admin:routes');
  const make = mayMake && (
    <ButtonLink to="/routes/new" leftSection={<Icon name="plus" size={18} />}>
      New route
    </ButtonLink>
  );
  return (
    <Page
      title="Routes"
      lead="Systems that callers reach through Tessera with a token of theirs; the credential of the system stays here."
      actions={make}
    >
      {list.isPending ? (
        <Loading label="Loading the routes" />
      ) : list.error !== null ? (
        <ErrorState
          error={list.error}
          title="The routes could not be read"
          onRetry={() => void list.refetch()}
        />
      ) : list.data.items.length === 0 ? (
        <EmptyState icon="route" title="No routes yet" action={make}>
          A route lets a tool use a system with a token that may do just what it needs, and that you can
          revoke.
        </EmptyState>
      ) : (
        <DataTable label="Routes" columns={COLUMNS} rows={list.data.items} rowKey={({ id }) => id} />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<Route>[] = [
  {
    header: 'Route',
    cell: ({ name }) => (
      <TextLink to="/routes/$name" params={{ name }} fw={600}>
        {name}
      </TextLink>
    ),
  },
  {
    header: 'Leads to',
    cell: (route) => (
      <Text span size="sm" className="break-anywhere">
        <LeadsTo route={route} />{' '}
        <Badge color={route.to === null ? 'tile' : 'gray'}>
          {route.to === null ? 'with its credential' : 'no credential'}
        </Badge>
      </Text>
    ),
  },
  { header: 'Reached at', cell: (route) => <Code className="break-anywhere">{reachedAt(route)}</Code> },
];

export function reachedAt({ path, host, port }: Pick<Route, 'path' | 'host' | 'port'>): string {
  if (host !== null) return host;
  if (port !== null) return `port ${port}`;
  return path ?? 'nowhere';
}
