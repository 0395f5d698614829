import { Stack, Text } from '@mantine/core';
import type { Token } from '../../../src/wire/tokens.ts';
import { Time } from '../../ui/time.tsx';

/** When a token was last used, from where and on what. */
export function LastUse({ token }: { readonly token: Token }) {
  if (token.last_used_at === null)
    return (
      <Text size="sm" c="dimmed">
        not yet
      </Text>
    );
  const place = [
    token.last_used_address === null ? null : `from ${token.last_used_address}`,
    token.last_used_on === null ? null : `on ${token.last_used_on}`,
  ].filter((part) => part !== null);
  return (
    <Stack gap={0}>
      <Text size="sm">
        <Time at={token.last_used_at} />
      </Text>
      {place.length > 0 && (
        <Text size="xs" c="dimmed">
          {place.join(' ')}
        </Text>
      )}
    </Stack>
  );
}
