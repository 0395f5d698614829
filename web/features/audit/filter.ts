import type { AuditFilter } from '../../../src/client/calls/audit.ts';

/** What is looked for, as it stands in the address. */
export interface AuditSearch {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly token?: string | undefined;
  readonly route?: string | undefined;
  readonly within?: string | undefined;
}

export const PERIODS = [
  { value: '1h', label: 'The last hour', seconds: 3_600 },
  { value: '24h', label: 'The last day', seconds: 86_400 },
  { value: '7d', label: 'The last week', seconds: 604_800 },
  { value: '30d', label: 'The last 30 days', seconds: 2_592_000 },
] as const;

const short = (value: unknown): string | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= 128 ? text : undefined;
};

/** Every name is given, if only as undefined: the router lays this over what the address says. */
export const auditSearch = (search: Record<string, unknown>): AuditSearch => ({
  actor: short(search.actor),
  action: short(search.action),
  subject: short(search.subject),
  token: short(search.token),
  route: short(search.route),
  within: PERIODS.some(({ value }) => value === search.within) ? String(search.within) : undefined,
});

export function filterOf(search: AuditSearch, now: number): AuditFilter {
  const { within, ...exact } = search;
  const period = PERIODS.find(({ value }) => value === within);
  const given = Object.fromEntries(Object.entries(exact).filter(([, value]) => value !== undefined));
  return {
    ...given,
    ...(period === undefined ? {} : { since: new Date(now - period.seconds * 1000).toISOString() }),
  };
}
