import type { Connection } from '../../../src/wire/connections.ts';
import type { Token } from '../../../src/wire/tokens.ts';

/** One thing that will die, or has just died. */
export interface Ending {
  readonly key: string;
  readonly at: string;
  readonly what: string;
  /** Whether Tessera made it, or holds it for another system. */
  readonly side: 'issued' | 'held';
  readonly about: string;
  /** The connection or the token to go to. */
  readonly connection?: string;
  readonly token?: string;
}

/** Tokens Tessera issued; sessions and delegated tokens end by themselves, and nobody waits for them. */
export const issuedEndings = (tokens: readonly Token[]): Ending[] =>
  tokens.flatMap(({ id, name, username, type, expires_at }) =>
    expires_at === null || (type !== 'user' && type !== 'service')
      ? []
      : [
          {
            key: `token ${id}`,
            at: expires_at,
            what: name ?? (type === 'service' ? username : id),
            side: 'issued' as const,
            token: id,
            about:
              type === 'service'
                ? name === null
                  ? 'service token'
                  : `service token of ${username}`
                : `token of ${username}`,
          },
        ],
  );

/** Credentials held for other systems, and decisions about trust that end. */
export const heldEndings = (connections: readonly Connection[]): Ending[] =>
  connections.flatMap((connection) => {
    const { id, name, identity, trust, credential_expires_at: ends } = connection;
    const held = (at: string, about: string): Ending => ({
      key: `${id} ${about} ${at}`,
      at,
      what: name,
      side: 'held',
      about,
      connection: id,
    });
    return [
      ...(ends === null ? [] : [held(ends, identity ? `credential of ${identity}` : 'credential')]),
      ...(trust.until === null ? [] : [held(trust.until, 'trust without checking')]),
      ...(trust.authorities ?? []).map((one) => held(one.expires_at, `authority ${one.subject}`)),
    ];
  });

export interface Month {
  /** `2026-11`. */
  readonly month: string;
  readonly endings: readonly Ending[];
}

/** By month (UTC), the next one first. */
export function byMonth(endings: readonly Ending[]): Month[] {
  const months = new Map<string, Ending[]>();
  for (const ending of [...endings].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const month = new Date(ending.at).toISOString().slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), ending]);
  }
  return [...months].map(([month, these]) => ({ month, endings: these }));
}

export type Nearness = 'ended' | 'days' | 'weeks' | 'later';

/** The steps at which events are raised: 7 and 30 days. */
export function nearness(at: string, now: number): Nearness {
  const days = (Date.parse(at) - now) / 86_400_000;
  return days <= 0 ? 'ended' : days <= 7 ? 'days' : days <= 30 ? 'weeks' : 'later';
}
