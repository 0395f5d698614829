import type { AuditFilter } from '../../../src/client/calls/audit.ts';

/** What is looked for, as it stands in the address. */
export interface AuditSearch {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly token?: string | undefined;
  readonly route?: string | undefined;
  /** A period that ends now, or `between` for the days from `from` up to and with `to`. */
  readonly within?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const PERIODS = [
  { value: '1h', label: 'The last hour', seconds: 3_600 },
  { value: '24h', label: 'The last day', seconds: 86_400 },
  { value: '7d', label: 'The last week', seconds: 604_800 },
  { value: '30d', label: 'The last 30 days', seconds: 2_592_000 },
] as const;

export const BETWEEN = 'between';

const dayIn = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && Number.isFinite(Date.parse(value))
    ? value
    : undefined;

const short = (value: unknown): string | undefined => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= 128 ? text : undefined;
};

/** Every name is given, if only as undefined: the router lays this over what the address says. */
export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const between = search.within === BETWEEN;
  return {
    actor: short(search.actor),
    action: short(search.action),
    subject: short(search.subject),
    token: short(search.token),
    route: short(search.route),
    within:
      between || PERIODS.some(({ value }) => value === search.within) ? String(search.within) : undefined,
    from: between ? dayIn(search.from) : undefined,
    to: between ? dayIn(search.to) : undefined,
  };
}

export function filterOf(search: AuditSearch, now: number): AuditFilter {
  const { within, from, to, ...exact } = search;
  const period = PERIODS.find(({ value }) => value === within);
  const given = Object.fromEntries(Object.entries(exact).filter(([, value]) => value !== undefined));
  return {
    ...given,
    ...(period === undefined ? {} : { since: new Date(now - period.seconds * 1000).toISOString() }),
    ...(from === undefined ? {} : { since: midnight(from).toISOString() }),
    ...(to === undefined ? {} : { until: midnight(to, 1).toISOString() }),
  };
}

/** The first moment of a day, or of one so many days later, where the reader is. */
function midnight(day: string, later = 0): Date {
  const at = new Date(`${day}T00:00`);
  at.setDate(at.getDate() + later);
  return at;
}
