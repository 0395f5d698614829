import { Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Token } from '../../../src/wire/tokens.ts';
import { useMay } from '../../api/session.ts';
import { tessera } from '../../api/tessera.ts';
import { TextLink } from '../../ui/links.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const AHEAD_MS = 30 * 86_400_000;
const SHOWN = 6;

/** Which tokens die in the next month: one's own, for administrators everybody's. */
export function EndingSoon() {
  const everybody = useMay('admin:token');
  const tokens = useQuery({
    queryKey: ['tokens', 'ending', everybody],
    queryFn: () => tessera.tokens.page({ limit: 1000, ...(everybody ? { user: '*' } : {}) }),
  });
  const ending = (tokens.data?.items ?? [])
    .filter(({ type, expires_at: at }) => (type === 'user' || type === 'service') && at !== null)
    .filter(({ expires_at: at }) => Date.parse(at ?? '') - Date.now() < AHEAD_MS)
    .sort((one, other) => Date.parse(one.expires_at ?? '') - Date.parse(other.expires_at ?? ''));
  return (
    <Card>
      <Title order={2} fz="h4" mb="sm">
        Ending in the next 30 days
      </Title>
      {tokens.isPending && <Loading rows={2} label="Loading tokens" />}
      {tokens.error !== null && <ErrorState error={tokens.error} onRetry={() => tokens.refetch()} />}
      {tokens.data !== undefined && ending.length === 0 && (
        <Text size="sm" c="dimmed">
          No token dies before then.
        </Text>
      )}
      <Stack gap="xs">
        {ending.slice(0, SHOWN).map((token) => (
          <Line key={token.id} token={token} />
        ))}
        {ending.length > SHOWN && (
          <Text size="sm" c="dimmed">
            And {ending.length - SHOWN} more.
          </Text>
        )}
      </Stack>
    </Card>
  );
}

const Line = ({ token }: { readonly token: Token }) => (
  <Group justify="space-between" gap="sm" wrap="nowrap">
    <Text size="sm" truncate>
      <TextLink to="/tokens/$id" params={{ id: token.id }} inherit>
        {token.name ?? token.username}
      </TextLink>
      {token.name !== null && (
        <Text span c="dimmed" inherit>
          {' '}
          of {token.username}
        </Text>
      )}
    </Text>
    <Text size="sm" c="dimmed" className="nowrap">
      <Time at={token.expires_at} />
    </Text>
  </Group>
);
