import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import type { Clock } from '../base/clock.ts';
import { inTurns } from '../base/in-turns.ts';
import { err, ok, type Result } from '../base/result.ts';
import { sealedFault } from '../crypto/seal.ts';
import {
  type AnchorNote,
  type AuditChain,
  type ChainedEntry,
  type ChainHead,
  type ChainReport,
  verifyChain,
} from './chain.ts';
import type { AuditEntry } from './entry.ts';
import { createRepeats } from './repeats.ts';
import type { AuditFilter, AuditStore } from './store.ts';

/** The audit trail as its readers and its batch writers meet it. */
export interface AuditTrail {
  list(actor: Actor, filter: AuditFilter): Promise<Result<ChainedEntry[]>>;
  verify(actor: Actor): Promise<Result<ChainReport>>;
  /**
   * Queues an entry that belongs to no administrative change (a use); written within a second. False when the queue
   * is full: the caller must then not go on with what it wanted to have audited.
   */
  note(entry: AuditEntry): boolean;
  /** Queues a refusal; those that are alike are counted together for a minute ({@link Repeats}). */
  refused(entry: AuditEntry): void;
  /** Queues what is still being counted, whether or not its minute is over. */
  settle(): void;
  /** Before the first row ever: notes outside the database that there is none, so that a note is always there. */
  begin(): Promise<void>;
  /** Writes what is queued, and notes outside the database how far the trail has come. Called by a timer and once at the end. */
  flush(): Promise<void>;
}

/** Where the newest head is noted outside the database. */
export interface AuditAnchor {
  read(): Promise<AnchorNote>;
  write(head: ChainHead): Promise<void>;
}

interface Dependencies {
  readonly store: AuditStore;
  /** Null without the master key: nothing can be proven then. */
  readonly chain: AuditChain | null;
  readonly anchor: AuditAnchor;
  /** Tells the operator, in one sentence, that the trail is not what it was. Called once for each such sentence. */
  readonly alarm: (sentence: string) => void;
  readonly clock: Clock;
  /** An entry found no room. */
  readonly dropped: () => void;
}

const QUEUE_MAX = 20_000;
// Refusals cost their sender nothing, so they never take the room that uses need.
const QUEUE_FOR_REFUSALS = QUEUE_MAX / 2;
const KINDS_MAX = 5_000;
/** Rows of one transaction: few enough that others get their turn, enough to share one wait for the disk. */
const BATCH = 2000;
const PAGE = 250;

export function createAuditTrail({ store, chain, anchor, alarm, clock, dropped }: Dependencies): AuditTrail {
  const queue: AuditEntry[] = [];
  const repeats = createRepeats(KINDS_MAX, dropped);
  /** Hash of the row this process knows to be noted. */
  let noted: string | null = null;
  let complained: string | null = null;

  async function* everything(): AsyncGenerator<ChainedEntry> {
    for (let after = 0; ; ) {
      const rows = await store.entries({ afterSeq: after, limit: PAGE });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      after = last.seq;
    }
  }

  function enqueue(entry: AuditEntry, most: number): boolean {
    if (queue.length < most) return queue.push(entry) > 0;
    dropped();
    return false;
  }

  async function write(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH);
      // A full one is not the last: what waits must not become more than is written.
      const written = await store.append(batch, batch.length < BATCH ? 'patient' : 'urgent');
      if (!written.ok) return;
      queue.splice(0, batch.length);
    }
    await moveAnchor();
  }

  /** Done when everything queued until now is written, though a turn was under way already. */
  const flushed = inTurns(write);

  /**
   * Notes the newest row, unless the row noted last is no longer there: then the note is the only witness of it, and
   * stays as it is until an operator says otherwise.
   */
  async function moveAnchor(): Promise<void> {
    const head = await store.head();
    if (head === null || head.mac === noted) return;
    const note = await anchor.read();
    if (note.state !== 'noted') return complain(`The note beside the audit trail is ${note.state}`);
    if (!(await isThere(note.head))) {
      return complain(`Row ${note.head.seq} of the audit trail was noted outside the database and is gone`);
    }
    if (note.head.seq < head.seq) await anchor.write(head);
    noted = head.mac;
  }

  async function isThere({ seq, mac }: ChainHead): Promise<boolean> {
    if (seq === 0) return true;
    const [row] = await store.entries({ afterSeq: seq - 1, limit: 1 });
    return row?.seq === seq && row.mac === mac;
  }

  function complain(sentence: string): void {
    if (sentence !== complained) alarm(`${sentence}; see what 'tessera audit verify' says`);
    complained = sentence;
  }

  return {
    async list(actor, filter) {
      const allowed = requireScope(actor, 'read:audit', 'read the audit trail');
      return allowed.ok ? ok(await store.entries(filter)) : allowed;
    },

    async verify(actor) {
      const allowed = requireScope(actor, 'read:audit', 'verify the audit trail');
      if (!allowed.ok) return allowed;
      if (chain === null) return err(sealedFault);
      // Read before the rows: what is appended meanwhile then lies beyond it instead of missing from it.
      const [anchored, head] = [await anchor.read(), await store.head()];
      const upTo = head?.seq ?? 0;
      async function* untilHead(): AsyncGenerator<ChainedEntry> {
        for await (const row of everything()) {
          if (row.seq > upTo && head !== null) return;
          yield row;
        }
      }
      return ok(await verifyChain(chain, untilHead(), head, anchored));
    },

    note: (entry) => enqueue(entry, QUEUE_MAX),

    refused(entry) {
      for (const row of repeats.take(entry)) enqueue(row, QUEUE_FOR_REFUSALS);
    },

    settle() {
      for (const row of repeats.over(Number.POSITIVE_INFINITY)) enqueue(row, QUEUE_FOR_REFUSALS);
    },

    async begin() {
      if ((await store.head()) !== null || (await store.entries({ limit: 1 })).length > 0) return;
      if ((await anchor.read()).state === 'absent') await anchor.write({ seq: 0, mac: '' });
    },

    flush() {
      for (const row of repeats.over(clock())) enqueue(row, QUEUE_FOR_REFUSALS);
      return flushed();
    },
  };
}
