/** What one user may use: calls per minute by service, bytes by mount, and what other services enforce. */
export interface Quota {
  readonly api: Readonly<Record<string, number>>;
  readonly disk: Readonly<Record<string, number>>;
  readonly notebook: NotebookQuota | null;
  readonly tap: Readonly<Record<string, { readonly concurrent: number }>>;
}

export interface NotebookQuota {
  readonly cpu: number;
  /** GiB */
  readonly memory: number;
  /** Whether new notebooks may be started at all. */
  readonly spawn: boolean;
}

/** Quotas for everybody, more for members of groups, and the groups nothing is counted for. */
export interface QuotaConfig {
  readonly default: Quota;
  readonly groups: Readonly<Record<string, Quota>>;
  readonly bypass: readonly string[];
}

/** The names of somebody's groups, as far as they are known. */
export type Groups = readonly { readonly name: string }[] | null;

/**
 * The sum of the default and of all the user's groups; null for members of a bypass group. Starting notebooks is
 * allowed only where nothing forbids it.
 */
export function quotaFor(config: QuotaConfig, groups: Groups): Quota | null {
  const names = (groups ?? []).map((group) => group.name);
  if (names.some((name) => config.bypass.includes(name))) return null;
  const parts = [config.default];
  for (const name of new Set(names)) {
    const more = Object.hasOwn(config.groups, name) ? config.groups[name] : undefined;
    if (more !== undefined) parts.push(more);
  }
  return {
    api: summed(parts.map((part) => part.api)),
    disk: summed(parts.map((part) => part.disk)),
    notebook: parts.map((part) => part.notebook).reduce(addNotebooks, null),
    tap: mapped(
      summed(parts.map((part) => mapped(part.tap, ({ concurrent }) => concurrent))),
      (concurrent) => ({ concurrent }),
    ),
  };
}

/**
 * Overrides are worked out like the quotas themselves and then take their place: each service and each mount by
 * itself, notebooks and TAP as a whole. Null when nothing limits the user.
 */
export function effectiveQuota(
  configured: QuotaConfig | null,
  overrides: QuotaConfig | null,
  groups: Groups,
): Quota | null {
  const base = configured === null ? null : quotaFor(configured, groups);
  const over = overrides === null ? null : quotaFor(overrides, groups);
  const quota =
    base === null || over === null
      ? (base ?? over)
      : {
          api: { ...base.api, ...over.api },
          disk: { ...base.disk, ...over.disk },
          notebook: over.notebook ?? base.notebook,
          tap: Object.keys(over.tap).length > 0 ? over.tap : base.tap,
        };
  return quota === null || isEmpty(quota) ? null : quota;
}

const isEmpty = ({ api, disk, notebook, tap }: Quota): boolean =>
  notebook === null && [api, disk, tap].every((part) => Object.keys(part).length === 0);

function summed(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const part of parts) {
    for (const [name, amount] of Object.entries(part)) sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  return Object.fromEntries(sums);
}

function addNotebooks(sum: NotebookQuota | null, more: NotebookQuota | null): NotebookQuota | null {
  if (sum === null || more === null) return sum ?? more;
  return { cpu: sum.cpu + more.cpu, memory: sum.memory + more.memory, spawn: sum.spawn && more.spawn };
}

const mapped = <A, B>(part: Readonly<Record<string, A>>, turn: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(part).map(([name, value]) => [name, turn(value)]));
