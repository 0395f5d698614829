import { Badge } from '@mantine/core';
import type { Token } from '../../../src/wire/tokens.ts';

const SOON_MS = 7 * 86_400_000;

/** Alive, about to die, or how it ended. */
export function TokenState({ token }: { readonly token: Token }) {
  if (token.state === 'revoked') return <Badge color="red">Revoked</Badge>;
  if (token.state === 'expired') return <Badge color="gray">Expired</Badge>;
  const left =
    token.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(token.expires_at) - Date.now();
  if (left < SOON_MS && token.type !== 'session') return <Badge color="orange">Expires soon</Badge>;
  return <Badge color="tile">Active</Badge>;
}
