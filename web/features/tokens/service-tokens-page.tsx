import { Button, Group, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { Icon } from '../../ui/icons.tsx';
import { ButtonLink } from '../../ui/links.tsx';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, Loading, PermissionDenied } from '../../ui/states.tsx';
import { TokenTable } from './token-table.tsx';

export function ServiceTokensPage() {
  const allowed = useMay('admin:token');
  return allowed ? (
    <ServiceTokens />
  ) : (
    <Page title="Service tokens">
      <PermissionDenied scopes={['admin:token']} />
    </Page>
  );
}

function ServiceTokens() {
  const [state, setState] = useState<'active' | 'all'>('active');
  const tokens = useInfiniteQuery({
    queryKey: ['tokens', 'services', state],
    queryFn: ({ pageParam }) =>
      tessera.tokens.page({
        type: 'service',
        user: '*',
        state,
        limit: 50,
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
  });
  const rows = tokens.data?.pages.flatMap(({ items }) => items) ?? [];
  const create = (
    <ButtonLink to="/service-tokens/new" leftSection={<Icon name="plus" size={18} />}>
      New service token
    </ButtonLink>
  );
  return (
    <Page
      title="Service tokens"
      lead="Tokens of bots: programs that belong to nobody and go on when a person leaves."
      actions={create}
    >
      <Group>
        <SegmentedControl
          aria-label="State"
          data={[
            { value: 'active', label: 'Active' },
            { value: 'all', label: 'All' },
          ]}
          value={state}
          onChange={(value) => setState(value as 'active' | 'all')}
        />
      </Group>
      {tokens.isPending && <Loading label="Loading tokens" />}
      {tokens.error !== null && <ErrorState error={tokens.error} onRetry={() => tokens.refetch()} />}
      {tokens.data !== undefined &&
        (rows.length > 0 ? (
          <TokenTable label="Service tokens" tokens={rows} withOwner={false} />
        ) : (
          <EmptyState icon="robot" title="No service tokens" action={create}>
            A collector, a backup, a pipeline: give each its own, with the one scope it needs.
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
