import { Button, Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay, useMe } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { Icon } from '../../ui/icons.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx';
import { TokenTable } from './token-table.tsx';

const KINDS = [
  { value: 'user', label: 'Personal access tokens' },
  { value: 'session', label: 'Sessions' },
  { value: 'internal', label: 'Delegated to services' },
  { value: 'notebook', label: 'Delegated to notebooks' },
];
type Kind = 'user' | 'session' | 'internal' | 'notebook';

export function TokensPage() {
  const me = useMe();
  const mayAll = useMay('admin:token');
  const navigate = useNavigate({ from: '/tokens' });
  const { state = 'active', kind = 'user', user } = useSearch({ from: '/shell/tokens' });
  const [sought, setSought] = useState('');
  const [search] = useDebouncedValue(sought.trim(), 250);
  const whose = user ?? me.username;
  const tokens = useInfiniteQuery({
    queryKey: ['tokens', 'list', { kind, state, search, whose }],
    queryFn: ({ pageParam }) =>
      tessera.tokens.page({
        type: kind,
        state,
        limit: 50,
        ...(whose === me.username ? {} : { user: whose }),
        ...(search === '' ? {} : { search }),
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
  });
  const rows = tokens.data?.pages.flatMap(({ items }) => items) ?? [];
  const create = (
    <ButtonLink to="/tokens/new" leftSection={<Icon name="plus" size={18} />}>
      New token
    </ButtonLink>
  );
  const untouched = search === '' && state === 'active' && kind === 'user' && whose === me.username;
  return (
    <Page
      title="Security tokens"
      lead="A token lets a script or a program act for you, with as much as you allow and until it expires."
      actions={create}
    >
      <Group gap="sm" align="flex-end">
        <SegmentedControl
          aria-label="State"
          data={[
            { value: 'active', label: 'Active' },
            { value: 'expired', label: 'Expired' },
            { value: 'revoked', label: 'Revoked' },
            { value: 'all', label: 'All' },
          ]}
          value={state}
          onChange={(value) =>
            navigate({
              search: (now) => ({ ...now, state: value === 'active' ? undefined : (value as 'all') }),
            })
          }
        />
        <Select
          aria-label="Kind"
          data={KINDS}
          value={kind}
          allowDeselect={false}
          onChange={(value) =>
            navigate({ search: (now) => ({ ...now, kind: value === 'user' ? undefined : (value as Kind) }) })
          }
          w={{ base: '100%', xs: 230 }}
        />
        {mayAll && (
          <Select
            aria-label="Whose"
            data={[
              { value: me.username, label: 'Mine' },
              { value: '*', label: "Everybody's" },
              ...(user !== undefined && user !== '*' && user !== me.username
                ? [{ value: user, label: user }]
                : []),
            ]}
            value={whose}
            allowDeselect={false}
            onChange={(value) =>
              navigate({
                search: (now) => ({
                  ...now,
                  user: value === null || value === me.username ? undefined : value,
                }),
              })
            }
            w={{ base: '100%', xs: 150 }}
          />
        )}
        <TextInput
          aria-label="Find"
          placeholder="Name, text, id or scope"
          leftSection={<Icon name="search" size={18} />}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
      </Group>
      {tokens.isPending && <Loading label="Loading tokens" />}
      {tokens.error !== null && <ErrorState error={tokens.error} onRetry={() => tokens.refetch()} />}
      {tokens.data !== undefined &&
        (rows.length > 0 ? (
          <TokenTable label="Security tokens" tokens={rows} withOwner={whose === '*'} />
        ) : untouched ? (
          <EmptyState icon="key" title="No tokens yet" action={create}>
            Make one for each script or program. When one is lost, you revoke that one and the others go on.
          </EmptyState>
        ) : (
          <EmptyState icon="search" title="Nothing matches">
            No token is like that. Try another state or kind, or fewer letters.
          </EmptyState>
        ))}
      {tokens.hasNextPage && (
        <Group justify="center">
          <Button
            variant="default"
            loading={tokens.isFetchingNextPage}
            onClick={() => tokens.fetchNextPage()}
          >
            Show more
          </Button>
        </Group>
      )}
    </Page>
  );
}
