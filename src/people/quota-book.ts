import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Journal } from '../audit/journal.ts';
import { change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { effectiveQuota, type Groups, type Quota, type QuotaConfig } from './quota.ts';

export interface QuotaTx extends Journal {
  /** Null takes them away. */
  putQuotaOverrides(overrides: QuotaConfig | null): Promise<void>;
  quotaOverrides(): Promise<QuotaConfig | null>;
}

export interface QuotaStore {
  quotaOverrides(): Promise<QuotaConfig | null>;
  change<T>(work: (tx: QuotaTx) => Promise<Result<T>>): Promise<Result<T>>;
}

/** The quotas in force: those of the configuration, and what administrators put over them while it runs. */
export interface QuotaBook {
  /** What limits somebody in these groups; null when nothing does. Never waits. */
  quotaOf(groups: Groups): Quota | null;
  /** Calls per minute to a service; null for no limit, zero for an administrator's block. Never waits. */
  limitOf(groups: Groups, service: string): number | null;
  overrides(): Promise<Result<QuotaConfig>>;
  /** Puts these in place of all overrides. */
  override(actor: Actor, overrides: QuotaConfig): Promise<Result<QuotaConfig>>;
  removeOverrides(actor: Actor): Promise<Result<void>>;
  /** Reads the overrides anew: at the start, and whenever the change feed says that they changed. */
  reload(): Promise<void>;
}

interface Dependencies {
  readonly store: QuotaStore;
  readonly clock: Clock;
  readonly configured: QuotaConfig | null;
}

const COMBINATIONS_MAX = 10_000;
const NO_OVERRIDES = fault('not_found', 'No quota overrides are set.');

export function createQuotaBook({ store, clock, configured }: Dependencies): QuotaBook {
  let overrides: QuotaConfig | null = null;
  // Many users are in the same groups; each combination is worked out once.
  const known = new Map<string, Quota | null>();
  let readings = 0;
  let newest = 0;

  async function reload(): Promise<void> {
    const turn = ++readings;
    const read = await store.quotaOverrides();
    // A reading that was begun later has come back already: what it brought is newer.
    if (turn < newest) return;
    newest = turn;
    overrides = read;
    known.clear();
  }

  function quotaOf(groups: Groups): Quota | null {
    if (configured === null && overrides === null) return null;
    const key = groups === null ? '' : groups.map((group) => group.name).join('\n');
    let quota = known.get(key);
    if (quota === undefined) {
      quota = effectiveQuota(configured, overrides, groups);
      if (known.size >= COMBINATIONS_MAX) known.clear();
      known.set(key, quota);
    }
    return quota;
  }

  async function put(actor: Actor, wanted: QuotaConfig | null): Promise<Result<void>> {
    const allowed = requireScope(actor, ADMIN_SCOPE, 'change quotas');
    if (!allowed.ok) return allowed;
    const done = await store.change<void>(async (tx) => {
      if (wanted === null && (await tx.quotaOverrides()) === null) return err(NO_OVERRIDES);
      await tx.putQuotaOverrides(wanted);
      await tx.audit(
        auditEntry(clock(), actor, {
          action: 'quota.changed',
          detail: wanted === null ? { removed: true } : { overrides: wanted },
        }),
      );
      await tx.changed(change('quota'));
      return ok(undefined);
    });
    if (done.ok) await reload();
    return done;
  }

  return {
    quotaOf,
    limitOf(groups, service) {
      const api = quotaOf(groups)?.api;
      return api !== undefined && Object.hasOwn(api, service) ? (api[service] ?? null) : null;
    },
    async overrides() {
      const kept = await store.quotaOverrides();
      return kept === null ? err(NO_OVERRIDES) : ok(kept);
    },
    async override(actor, wanted) {
      const done = await put(actor, wanted);
      return done.ok ? ok(wanted) : done;
    },
    removeOverrides: (actor) => put(actor, null),
    reload,
  };
}
