import { networkOf } from '../base/network.ts';
import type { AuditEntry } from './entry.ts';

/**
 * Keeps refusals that anybody can cause at will from pushing everything else out of the trail: of those that are
 * alike within a minute the first is written as it is, and the rest, when the minute is over, as one row whose
 * detail says how many there were (`repeated`, `since`). Alike is what differs in nothing but moment, method, path
 * and place within a network.
 */
export interface Repeats {
  /** What is to be written because of this refusal. */
  take(entry: AuditEntry): readonly AuditEntry[];
  /** Rows for the minutes that were over at `nowMs`. */
  over(nowMs: number): readonly AuditEntry[];
}

interface Kind {
  readonly since: number;
  last: AuditEntry;
  repeated: number;
}

const WINDOW_MS = 60_000;

export function createRepeats(kindsMax: number, dropped: () => void): Repeats {
  // In the order in which they began, so that those that are over stand in front.
  const kinds = new Map<string, Kind>();

  function over(nowMs: number): AuditEntry[] {
    const rows: AuditEntry[] = [];
    for (const [key, kind] of kinds) {
      if (nowMs - kind.since < WINDOW_MS) break;
      kinds.delete(key);
      if (kind.repeated > 0) rows.push(rowOf(kind));
    }
    return rows;
  }

  return {
    over,
    take(entry) {
      const rows = over(entry.at);
      const key = keyOf(entry);
      const known = kinds.get(key);
      if (known !== undefined) {
        known.repeated++;
        known.last = entry;
      } else if (kinds.size >= kindsMax) {
        dropped();
      } else {
        kinds.set(key, { since: entry.at, last: entry, repeated: 0 });
        rows.push(entry);
      }
      return rows;
    },
  };
}

const keyOf = ({ action, actor, tokenId, address, route, status, detail }: AuditEntry): string =>
  JSON.stringify([
    action,
    actor,
    tokenId,
    address === null ? null : networkOf(address),
    route,
    status,
    detail.reason,
  ]);

const rowOf = ({ last, repeated, since }: Kind): AuditEntry => ({
  ...last,
  detail: { ...last.detail, repeated, since: new Date(since).toISOString() },
});
