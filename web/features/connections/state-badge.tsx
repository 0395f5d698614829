import { Badge, Text } from '@mantine/core';
import type { Trust } from '../../../src/wire/connection-trust.ts';
import type { Connection } from '../../../src/wire/connections.ts';
import { dayOf } from '../../ui/time.tsx';

const STATES = {
  healthy: ['Works', 'tile'],
  warnings: ['Works, with remarks', 'yellow'],
  failed: ['Fails', 'red'],
  stopped: ['Stopped: trust', 'red'],
  untested: ['Not tested yet', 'gray'],
} as const;

export function StateBadge({ state }: { readonly state: Connection['state'] }) {
  const [words, color] = STATES[state];
  return <Badge color={color}>{words}</Badge>;
}

/** How the other side proves who it is, in a few words. */
export function trustWords(trust: Trust): string {
  if (trust.mode === 'pin') return 'Pinned certificate';
  if (trust.mode === 'ca') return 'Own authority';
  if (trust.mode === 'none') return `Not checked until ${trust.until === null ? '?' : dayOf(trust.until)}`;
  return 'Known authority';
}

export function TrustMark({ trust, origin }: { readonly trust: Trust; readonly origin: string }) {
  const clear = origin.startsWith('http://');
  if (trust.mode === 'none' || clear)
    return <Badge color="orange">{clear ? 'Unencrypted' : trustWords(trust)}</Badge>;
  return <Text size="sm">{trustWords(trust)}</Text>;
}
