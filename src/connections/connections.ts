import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import type { CredentialInput, Expectations, KindName } from '../kinds/kind.ts';
import { mayManage, mayRead, unknownConnection } from './access.ts';
import { blockingCodes, storedCandidate, typedCandidate } from './candidate.ts';
import { type FallbackWish, readSecrets, readTarget, type Target, type TargetWish } from './draft.ts';
import type { Candidate, Examination, Examiner } from './examine.ts';
import { checkConnectionName } from './names.ts';
import type { ConnectionRecord, StoredCredential } from './record.ts';
import { examinedPart, newRecord, secretPart } from './rows.ts';
import type { ConnectionStore } from './store.ts';
import { sameTrust, type TrustWish, trustDetail } from './trust.ts';
import type { Vault } from './vault.ts';
import type { WayOut } from './way-out.ts';

export interface NewConnection extends TargetWish {
  readonly name: string;
  readonly credential?: CredentialInput;
  readonly fallback?: FallbackWish;
  /** Try it first, and store nothing that fails. */
  readonly test: boolean;
  readonly expect?: Expectations;
}

export interface ConnectionChange {
  readonly name?: string;
  readonly url?: string;
  readonly trust?: TrustWish;
  readonly credential?: CredentialInput;
  /** Null removes it. */
  readonly fallback?: FallbackWish | null;
  readonly fallbackEnabled?: boolean;
  readonly test: boolean;
  readonly expect?: Expectations;
}

export interface Saved {
  readonly record: ConnectionRecord;
  readonly examination: Examination | null;
  readonly warnings: readonly Finding[];
}

/** What we hold: created, changed and removed here, and nowhere else. */
export interface Connections {
  list(actor: Actor, filter: { kind?: KindName; search?: string }): Promise<Result<ConnectionRecord[]>>;
  /** By id or name. */
  get(actor: Actor, key: string): Promise<Result<ConnectionRecord>>;
  create(actor: Actor, wish: NewConnection): Promise<Result<Saved>>;
  change(actor: Actor, key: string, wish: ConnectionChange): Promise<Result<Saved>>;
  remove(actor: Actor, key: string): Promise<Result<ConnectionRecord>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly vault: Vault;
  readonly wayOut: WayOut;
  readonly examiner: Examiner;
  readonly clock: Clock;
  readonly newId: () => string;
}

export function createConnections({
  store,
  vault,
  wayOut,
  examiner,
  clock,
  newId,
}: Dependencies): Connections {
  const nameTaken = (name: string) =>
    err(
      fault('name_taken', `name: there is a connection '${name}' already.`, {
        fields: [{ field: 'name', message: 'is taken' }],
        fix: 'Choose another name, or change that connection.',
      }),
    );

  /** Null where nothing is to be tried. */
  async function check(candidate: Candidate | null, wanted: boolean): Promise<Result<Examination | null>> {
    if (candidate === null || !wanted) return ok(null);
    const found = await examiner.examine(candidate, true);
    if (found.report.verdict !== 'failed') return ok(found);
    const [first] = found.report.findings.filter((finding) => finding.severity === 'blocking');
    return err(
      fault('connection_failed', found.sentence, {
        ...(first === undefined || first.fix === '' ? {} : { fix: first.fix }),
        fields: blockingCodes(found.report.findings),
      }),
    );
  }

  return {
    async list(actor, { kind, search }) {
      const allowed = mayRead(actor, 'see connections');
      if (!allowed.ok) return allowed;
      const records = await store.connections(kind);
      const wanted = search?.toLowerCase() ?? '';
      return ok(
        records.filter((record) => `${record.name}\n${record.origin}`.toLowerCase().includes(wanted)),
      );
    },

    async get(actor, key) {
      const allowed = mayRead(actor, 'see connections');
      if (!allowed.ok) return allowed;
      const record = await store.connection(key);
      return record === null ? err(unknownConnection(key)) : ok(record);
    },

    async create(actor, wish) {
      const allowed = mayManage(actor, 'create connections');
      if (!allowed.ok) return allowed;
      const name = checkConnectionName(wish.name);
      if (!name.ok) return name;
      const target = readTarget(wayOut, wish, seconds(clock));
      if (!target.ok) return target;
      const secrets = readSecrets(wish.kind, wish);
      if (!secrets.ok) return secrets;
      if ((await store.connection(name.value)) !== null) return nameTaken(name.value);
      const fallbackEnabled = wish.fallback?.enabled ?? false;
      const id = newId();
      const now = seconds(clock);
      // Before anything is sent: without the master key nothing could be kept.
      const blank = newRecord({ id, name: name.value, target: target.value, at: now, by: actor.username });
      const sealed = secretPart(vault, blank, secrets.value, fallbackEnabled);
      if (!sealed.ok) return sealed;
      const candidate = typedCandidate(target.value, secrets.value, fallbackEnabled, { expect: wish.expect });
      const found = await check(candidate, wish.test);
      if (!found.ok) return found;
      const record = { ...sealed.value, ...examinedPart(found.value) };
      const stored = await store.change<ConnectionRecord>(async (tx) => {
        if ((await tx.connection(name.value)) !== null) return nameTaken(name.value);
        await tx.putConnection(record);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'connection.created',
            subject: record.name,
            detail: { id, ...describe(record), tested: found.value?.report.verdict ?? null },
          }),
        );
        await tx.changed(change('connection', id));
        return ok(record);
      });
      if (!stored.ok) return stored;
      return ok({ record, examination: found.value, warnings: secrets.value.findings });
    },

    async change(actor, key, wish) {
      const allowed = mayManage(actor, 'change connections');
      if (!allowed.ok) return allowed;
      const before = await store.connection(key);
      if (before === null) return err(unknownConnection(key));
      const name = wish.name === undefined ? ok(before.name) : checkConnectionName(wish.name);
      if (!name.ok) return name;
      const now = seconds(clock);
      const target = changedTarget(before, wish, now);
      if (!target.ok) return target;
      const secrets = readSecrets(
        before.kind,
        { credential: wish.credential, fallback: wish.fallback ?? undefined },
        before.credential?.identity ?? '',
      );
      if (!secrets.ok) return secrets;
      const moved = movesAway(before, target.value, wayOut);
      const keepsCredential = before.credential !== null && secrets.value.credential === null;
      const keepsFallback =
        before.fallback !== null && wish.fallback !== null && secrets.value.fallback === null;
      if (moved && (keepsCredential || keepsFallback))
        return err(
          fieldFault(
            'invalid_request',
            keepsCredential ? 'credential' : 'fallback',
            'must be given again, because the address leads to another host',
            'send the credential together with the new url: a stored secret never moves to another host',
          ),
        );

      const fallbackEnabled = wish.fallbackEnabled ?? wish.fallback?.enabled ?? before.fallbackEnabled;
      const retrusted = !sameTrust(before.trust, target.value.trust);
      const base: ConnectionRecord = {
        ...before,
        name: name.value,
        origin: target.value.url,
        trust: target.value.trust,
        pinnedAt: retrusted ? (target.value.trust.mode === 'pin' ? now : null) : before.pinnedAt,
        ...(wish.fallback === null ? { fallback: null, fallbackRefusedAt: null } : {}),
        updatedAt: now,
        updatedBy: actor.username,
        revision: before.revision + 1,
      };
      const sealed = secretPart(vault, base, secrets.value, fallbackEnabled);
      if (!sealed.ok) return sealed;
      const touched =
        retrusted ||
        base.origin !== before.origin ||
        secrets.value.credential !== null ||
        secrets.value.fallback !== null ||
        fallbackEnabled !== before.fallbackEnabled;
      const candidate = touched && wish.test ? storedCandidate(wayOut, vault, sealed.value, wish) : ok(null);
      if (!candidate.ok) return candidate;
      const known = candidate.value === null ? null : { ...candidate.value, known: secrets.value.findings };
      const found = await check(known, wish.test);
      if (!found.ok) return found;
      const after = { ...sealed.value, ...(touched ? { lastTest: null } : {}), ...examinedPart(found.value) };
      const stored = await store.change<ConnectionRecord>(async (tx) => {
        const present = await tx.connection(before.id);
        if (present === null) return err(unknownConnection(key));
        if (present.revision !== before.revision)
          return err(fault('conflict', 'The connection was changed by somebody else meanwhile. Try again.'));
        const namesake = await tx.connection(after.name);
        if (namesake !== null && namesake.id !== before.id) return nameTaken(after.name);
        // A mere change of name leaves alone what a test found meanwhile.
        const { name: called, updatedAt, updatedBy, revision } = after;
        const record = touched ? after : { ...present, name: called, updatedAt, updatedBy, revision };
        await tx.putConnection(record);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'connection.changed',
            subject: record.name,
            detail: { id: record.id, ...differences(before, record) },
          }),
        );
        await tx.changed(change('connection', record.id));
        return ok(record);
      });
      if (!stored.ok) return stored;
      return ok({ record: stored.value, examination: found.value, warnings: secrets.value.findings });
    },

    async remove(actor, key) {
      const allowed = mayManage(actor, 'delete connections');
      if (!allowed.ok) return allowed;
      return store.change<ConnectionRecord>(async (tx) => {
        const record = await tx.connection(key);
        if (record === null) return err(unknownConnection(key));
        await tx.deleteConnection(record.id);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'connection.deleted',
            subject: record.name,
            detail: { id: record.id, ...describe(record) },
          }),
        );
        await tx.changed(change('connection', record.id));
        return ok(record);
      });
    },
  };

  function changedTarget(before: ConnectionRecord, wish: ConnectionChange, now: number): Result<Target> {
    const read = readTarget(
      wayOut,
      {
        kind: before.kind,
        url: wish.url ?? before.origin,
        ...(wish.trust === undefined ? {} : { trust: wish.trust }),
      },
      now,
    );
    if (!read.ok || wish.trust !== undefined) return read;
    return ok({ ...read.value, trust: before.trust });
  }
}

/** A secret stays with the host it was given for, and does not begin to travel in clear. */
function movesAway(before: ConnectionRecord, target: Target, wayOut: WayOut): boolean {
  const old = wayOut.parseOrigin(before.origin);
  if (!old.ok) return true;
  const downgraded = old.value.scheme === 'https' && target.origin.scheme === 'http';
  return old.value.host !== target.origin.host || downgraded;
}

const shown = (stored: StoredCredential | null): string | null =>
  stored === null ? null : `${stored.method} ${stored.identity}`.trim();

const describe = (record: ConnectionRecord): Record<string, unknown> => ({
  kind: record.kind,
  origin: record.origin,
  trust: trustDetail(record.trust),
  credential: shown(record.credential),
  fallback: shown(record.fallback),
  fallbackEnabled: record.fallbackEnabled,
});

/** Old and new of what changed; of a secret only that it was replaced. */
function differences(before: ConnectionRecord, after: ConnectionRecord): Record<string, unknown> {
  const [old, now] = [describe(before), describe(after)];
  const entries = Object.keys(now)
    .filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
    .map((key) => [key, { old: old[key], new: now[key] }]);
  return {
    ...Object.fromEntries(entries),
    ...(before.name === after.name ? {} : { name: { old: before.name, new: after.name } }),
    ...(before.credential?.version === after.credential?.version ? {} : { secretReplaced: true }),
    ...(before.fallback?.version === after.fallback?.version ? {} : { fallbackReplaced: true }),
  };
}
