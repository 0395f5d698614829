import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Examination } from './examine.ts';
import type { ConnectionRecord, EventKind } from './record.ts';
import type { ConnectionStore, ConnectionTx } from './store.ts';
import type { SecretField } from './vault.ts';

/** Writes down what a test or a use of a connection showed, and raises the events that follow from it. */
export interface Outcomes {
  /** @param before the record as it was when the test began */
  tested(actor: Actor, before: ConnectionRecord, found: Examination): Promise<Result<ConnectionRecord>>;
  /** A credential was refused while it was used. */
  refused(actor: Actor, before: ConnectionRecord, field: SecretField, said: Finding): Promise<Result<void>>;
  /** The fallback did what the credential could not. */
  fellBack(actor: Actor, before: ConnectionRecord, said: Finding): Promise<Result<void>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly clock: Clock;
  /** Whether events also go to a webhook. */
  readonly delivers: boolean;
  /** Called after events were raised. */
  readonly raised: () => void;
}

type Raise = (kind: EventKind, finding: Pick<Finding, 'code' | 'sentence' | 'fix'>) => Promise<void>;

export function createOutcomes({ store, clock, delivers, raised }: Dependencies): Outcomes {
  /** Applies `work` to the record as it is now; nothing is marked on a secret that has been replaced meanwhile. */
  async function update(
    before: ConnectionRecord,
    work: (tx: ConnectionTx, now: ConnectionRecord, raise: Raise) => Promise<ConnectionRecord>,
  ): Promise<Result<ConnectionRecord>> {
    let any = false;
    const done = await store.change<ConnectionRecord>(async (tx) => {
      const present = await tx.connection(before.id);
      if (present === null) return ok(before);
      const raise: Raise = async (kind, { code, sentence, fix }) => {
        any = true;
        await tx.insertConnectionEvent(
          {
            at: seconds(clock),
            kind,
            connectionId: present.id,
            connectionName: present.name,
            code,
            sentence,
            fix,
          },
          delivers,
        );
      };
      const after = await work(tx, present, raise);
      const marked =
        after.refusedAt !== present.refusedAt || after.fallbackRefusedAt !== present.fallbackRefusedAt;
      const record = marked ? { ...after, revision: present.revision + 1 } : after;
      await tx.putConnection(record);
      if (marked) await tx.changed(change('connection', record.id));
      return ok(record);
    });
    if (done.ok && any) raised();
    return done;
  }

  const sameSecret = (a: ConnectionRecord, b: ConnectionRecord): boolean =>
    a.credential?.version === b.credential?.version && a.origin === b.origin;
  const sameFallback = (a: ConnectionRecord, b: ConnectionRecord): boolean =>
    a.fallback?.version === b.fallback?.version && a.origin === b.origin;

  async function markRefused(
    record: ConnectionRecord,
    said: Finding,
    raise: Raise,
  ): Promise<ConnectionRecord> {
    if (record.refusedAt !== null) return record;
    await raise('credential_refused', said);
    return { ...record, refusedAt: seconds(clock), refusal: said };
  }

  async function markFallback(
    record: ConnectionRecord,
    said: Finding,
    raise: Raise,
  ): Promise<ConnectionRecord> {
    if (record.fallbackRefusedAt !== null) return record;
    await raise('credential_refused', said);
    return { ...record, fallbackRefusedAt: seconds(clock) };
  }

  async function markFellBack(
    tx: ConnectionTx,
    actor: Actor,
    record: ConnectionRecord,
    said: Pick<Finding, 'code' | 'sentence' | 'fix'>,
    raise: Raise,
  ): Promise<ConnectionRecord> {
    await tx.audit(
      auditEntry(clock(), actor, {
        action: 'connection.fell_back',
        subject: record.name,
        detail: { identity: record.fallback?.identity ?? '' },
      }),
    );
    if (record.fellBackAt !== null) return record;
    await raise('fallback_used', said);
    return { ...record, fellBackAt: seconds(clock) };
  }

  return {
    tested: (actor, before, found) =>
      update(before, async (tx, present, raise) => {
        const { report, refusal, fallbackRefusal } = found;
        const { verdict, findings, layer } = report;
        let record: ConnectionRecord = {
          ...present,
          lastTest: { at: found.at, verdict, sentence: found.sentence, findings },
        };
        const changed = findings.find((finding) => finding.code === 'TLS_CHANGED');
        const known = present.lastTest?.findings.some((finding) => finding.code === 'TLS_CHANGED') ?? false;
        if (changed !== undefined && !known) await raise('certificate_changed', changed);
        if (sameSecret(before, present)) {
          if (refusal !== null) record = await markRefused(record, refusal, raise);
          const accepted = layer === undefined || layer === 'rights' || layer === 'objects';
          if (accepted && refusal === null && !found.fellBack) {
            if (record.refusedAt !== null) await raise('credential_accepted_again', accepting(record));
            record = { ...record, refusedAt: null, refusal: null, fellBackAt: null };
            if (report.expiresAt !== undefined && report.expiresAt !== record.expiresAt)
              record = { ...record, expiresAt: report.expiresAt, warnedDays: null };
          }
          if (found.fellBack) {
            const stepped = findings.find((finding) => finding.code === 'FELL_BACK') ?? accepting(record);
            record = await markFellBack(tx, actor, record, stepped, raise);
          }
        }
        if (fallbackRefusal !== null && sameFallback(before, present))
          record = await markFallback(record, fallbackRefusal, raise);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'connection.tested',
            subject: present.name,
            detail: { id: present.id, verdict, codes: findings.map((finding) => finding.code) },
          }),
        );
        return record;
      }),

    async refused(actor, before, field, said) {
      const done = await update(before, async (tx, present, raise) => {
        const same = field === 'secret' ? sameSecret(before, present) : sameFallback(before, present);
        if (!same) return present;
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'connection.used',
            subject: present.name,
            detail: { id: present.id, refused: said.code },
          }),
        );
        return field === 'secret' ? markRefused(present, said, raise) : markFallback(present, said, raise);
      });
      return done.ok ? ok(undefined) : done;
    },

    async fellBack(actor, before, said) {
      const done = await update(before, (tx, present, raise) =>
        sameSecret(before, present)
          ? markFellBack(tx, actor, present, said, raise)
          : Promise.resolve(present),
      );
      return done.ok ? ok(undefined) : done;
    },
  };
}

const accepting = (record: ConnectionRecord) => ({
  code: 'ACCEPTED_AGAIN',
  sentence: `The credential of ${record.name} is accepted again.`,
  fix: '',
});
