import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Credential, CredentialInput, CredentialWish, Kind, KindName, Subject } from '../kinds/kind.ts';
import { KINDS } from '../kinds/registry.ts';
import { faultOf, mayManage, unknownConnection } from './access.ts';
import { openStored, targetOf } from './candidate.ts';
import { readSecrets, readTarget, type Target } from './draft.ts';
import { checkConnectionName } from './names.ts';
import type { ConnectionRecord } from './record.ts';
import { newRecord, replaceCredential } from './rows.ts';
import type { ConnectionStore, ConnectionTx } from './store.ts';
import type { TrustWish } from './trust.ts';
import type { Vault } from './vault.ts';
import { isRefusal } from './verdict.ts';
import type { Vicinity } from './vicinity.ts';
import type { OutboundClient, WayOut } from './way-out.ts';

export interface CredentialMaking {
  /** The system behind this connection; or kind, url and trust. */
  readonly connection?: string;
  readonly kind?: KindName;
  readonly url?: string;
  readonly trust?: TrustWish;
  /** Used for this call and kept nowhere; absent: the credential of the connection. */
  readonly admin?: CredentialInput;
  readonly wish: CredentialWish;
  readonly storeAs?: string;
  readonly storeIn?: string;
}

export interface Made {
  readonly credential: Credential;
  readonly expiresAt: number | null;
  readonly done: readonly string[];
  readonly record: ConnectionRecord | null;
}

export interface RotatedRecord {
  readonly record: ConnectionRecord;
  readonly overlap: boolean;
  readonly warnings: readonly Finding[];
}

/** Credentials made, replaced and revoked upstream. An administrator's login passes through and stays nowhere. */
export interface Credentials {
  make(actor: Actor, making: CredentialMaking): Promise<Result<Made>>;
  rotate(actor: Actor, key: string, admin?: CredentialInput): Promise<Result<RotatedRecord>>;
  /** Revokes it upstream and forgets it here; the connection stays, without a credential. */
  revoke(actor: Actor, key: string, admin?: CredentialInput): Promise<Result<ConnectionRecord>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly vault: Vault;
  readonly wayOut: WayOut;
  readonly vicinity: Vicinity;
  readonly clock: Clock;
  readonly newId: () => string;
}

interface Place {
  readonly target: Target;
  readonly record: ConnectionRecord | null;
}

const noRoom = (waitSeconds: number) =>
  fault('upstream_failed', 'Not tried: so many logins were refused that another one risks a lock-out.', {
    retryAfterSeconds: waitSeconds,
    fix: `Wait ${waitSeconds} s, and correct the credential.`,
  });

export function createCredentials(needs: Dependencies): Credentials {
  const { store, vault, wayOut, vicinity, clock, newId } = needs;

  const notOffered = (kind: KindName, what: string) =>
    err(fault('not_supported', `Credentials of ${kind} cannot be ${what} from here.`));

  const nameTaken = (name: string) =>
    err(fieldFault('name_taken', 'store_as', `there is a connection '${name}' already`));

  /** Runs work against the other side and explains a refusal without the secrets that went there. */
  async function reach<T>(
    target: Target,
    secrets: readonly Secret[],
    work: (client: OutboundClient) => Promise<Result<T, Finding>>,
  ): Promise<Result<T>> {
    const { loginBudget } = vicinity.around(target.kind, target.origin, null);
    const client = wayOut.open({ origin: target.origin, trust: target.trust, clock });
    try {
      const tried = (await loginBudget?.spend(
        () => work(client),
        (done) => {
          if (done.ok || !isRefusal(done.error)) return 'accepted';
          return done.error.code === 'FOREMAN_LOCKOUT' ? 'locked out' : 'refused';
        },
      )) ?? { done: await work(client) };
      if ('waitSeconds' in tried) return err(noRoom(tried.waitSeconds));
      const { done } = tried;
      if (done.ok) return done;
      if (isRefusal(done.error)) vicinity.noteRefusal(target.origin);
      return err(faultOf(wayOut.redactor(secrets)(done.error)));
    } finally {
      client.close();
    }
  }

  async function placeOf(making: CredentialMaking): Promise<Result<Place>> {
    if (making.connection !== undefined) {
      const record = await store.connection(making.connection);
      if (record === null) return err(unknownConnection(making.connection));
      const target = targetOf(wayOut, record);
      return target.ok ? ok({ target: target.value, record }) : target;
    }
    const { kind, url, trust } = making;
    if (kind === undefined || url === undefined)
      return err(fieldFault('invalid_request', kind === undefined ? 'kind' : 'url', 'is missing'));
    const wish = { kind, url, ...(trust === undefined ? {} : { trust }) };
    const target = readTarget(wayOut, wish, seconds(clock));
    return target.ok ? ok({ target: target.value, record: null }) : target;
  }

  /** The administrator's login, or the stored credential where none was given. */
  function actingCredential(
    kind: KindName,
    record: ConnectionRecord | null,
    admin: CredentialInput | undefined,
  ): Result<Credential> {
    if (admin !== undefined) {
      const read = readSecrets(kind, { credential: admin });
      if (!read.ok) return read;
      if (read.value.credential !== null) return ok(read.value.credential);
    } else if (record !== null) {
      const opened = openStored(vault, record.id, 'secret', record.credential);
      if (!opened.ok) return opened;
      if (opened.value !== null) return ok(opened.value);
    }
    return err(fieldFault('invalid_request', 'admin', 'is missing', "give an administrator's login"));
  }

  async function receiverOf(
    making: CredentialMaking,
    place: Place,
    by: string,
  ): Promise<Result<ConnectionRecord | null>> {
    const { storeAs, storeIn } = making;
    if (storeAs !== undefined && storeIn !== undefined)
      return err(fieldFault('invalid_request', 'store_in', 'send either store_as or store_in, not both'));
    if (storeAs !== undefined) {
      const name = checkConnectionName(storeAs);
      if (!name.ok) return name;
      if ((await store.connection(name.value)) !== null) return nameTaken(name.value);
      return ok(newRecord({ id: newId(), name: name.value, target: place.target, at: seconds(clock), by }));
    }
    if (storeIn === undefined) return ok(null);
    const record = await store.connection(storeIn);
    if (record === null) return err(unknownConnection(storeIn));
    if (record.kind !== place.target.kind || record.origin !== place.target.url)
      return err(fieldFault('invalid_request', 'store_in', `'${record.name}' leads to another system`));
    return ok(record);
  }

  /** Writes a changed secret of a connection that nobody else may have changed meanwhile. */
  async function write(
    record: ConnectionRecord,
    isNew: boolean,
    tell: (tx: ConnectionTx) => Promise<void>,
  ): Promise<Result<ConnectionRecord>> {
    return store.change<ConnectionRecord>(async (tx) => {
      const present = await tx.connection(isNew ? record.name : record.id);
      if (isNew && present !== null) return nameTaken(record.name);
      if (!isNew && present === null) return err(unknownConnection(record.name));
      const after = { ...record, revision: (present?.revision ?? 0) + 1 };
      await tx.putConnection(after);
      await tell(tx);
      await tx.changed(change('connection', record.id));
      return ok(after);
    });
  }

  const touched = (record: ConnectionRecord, by: string): ConnectionRecord => ({
    ...record,
    updatedAt: seconds(clock),
    updatedBy: by,
  });

  /** The connection, its kind, and the subjects of a call that replaces or revokes its credential. */
  async function held(key: string, admin: CredentialInput | undefined) {
    const record = await store.connection(key);
    if (record === null) return err(unknownConnection(key));
    const target = targetOf(wayOut, record);
    if (!target.ok) return target;
    const own = actingCredential(record.kind, record, undefined);
    if (!own.ok) return err(fault('conflict', `No credential is stored for '${record.name}'.`));
    const acting = admin === undefined ? null : actingCredential(record.kind, record, admin);
    if (acting !== null && !acting.ok) return acting;
    const other = acting === null ? null : acting.value;
    const kind: Kind = KINDS[record.kind];
    const secrets = [own.value.secret, ...(other === null ? [] : [other.secret])];
    const subjects = (client: OutboundClient): [Subject, Subject?] => {
      const subject = { client, credential: own.value, clock };
      return other === null ? [subject] : [subject, { client, credential: other, clock }];
    };
    return ok({ record, target: target.value, kind, secrets, subjects });
  }

  return {
    async make(actor, making) {
      const allowed = mayManage(actor, 'make credentials');
      if (!allowed.ok) return allowed;
      const place = await placeOf(making);
      if (!place.ok) return place;
      const { target, record } = place.value;
      const kind = KINDS[target.kind];
      if (kind.create === undefined) return notOffered(target.kind, 'made');
      const acting = actingCredential(target.kind, record, making.admin);
      if (!acting.ok) return acting;
      const receiver = await receiverOf(making, place.value, actor.username);
      if (!receiver.ok) return receiver;
      // What could not be sealed must not be made.
      const able = vault.close('none', 'secret', 0, { ...acting.value, secret: new Secret('trial') });
      if (!able.ok) return able;

      const create = kind.create;
      const made = await reach(target, [acting.value.secret], (client) =>
        create({ client, credential: acting.value, clock }, making.wish),
      );
      if (!made.ok) return made;
      const { credential, expiresAt, done, undo } = made.value;
      const tell = (tx: Pick<ConnectionTx, 'audit'>, subject: string) =>
        tx.audit(
          auditEntry(clock(), actor, {
            action: 'credential.created',
            subject,
            detail: {
              origin: target.url,
              identity: credential.identity,
              as: acting.value.identity,
              expiresAt,
              done,
            },
          }),
        );
      const stored = await keep();
      if (!stored.ok) {
        await undo();
        return stored;
      }
      return ok({ credential, expiresAt, done, record: stored.value });

      async function keep(): Promise<Result<ConnectionRecord | null>> {
        const into = receiver.ok ? receiver.value : null;
        if (into === null)
          return store.change<null>(async (tx) => {
            await tell(tx, target.url);
            return ok(null);
          });
        const sealed = replaceCredential(vault, touched(into, actor.username), credential, expiresAt);
        return sealed.ok
          ? write(sealed.value, making.storeAs !== undefined, (tx) => tell(tx, into.name))
          : sealed;
      }
    },

    async rotate(actor, key, admin) {
      const allowed = mayManage(actor, 'rotate credentials');
      if (!allowed.ok) return allowed;
      const found = await held(key, admin);
      if (!found.ok) return found;
      const { record, target, kind, secrets, subjects } = found.value;
      const { rotate } = kind;
      if (rotate === undefined) return notOffered(record.kind, 'rotated');
      const client = wayOut.open({ origin: target.origin, trust: target.trust, clock });
      try {
        const rotated = await reach(target, secrets, async () => rotate(...subjects(client)));
        if (!rotated.ok) return rotated;
        const { credential, overlap, finish } = rotated.value;
        const sealed = replaceCredential(
          vault,
          touched(record, actor.username),
          credential,
          record.expiresAt,
        );
        if (!sealed.ok) return sealed;
        const stored = await write(sealed.value, false, (tx) =>
          tx.audit(
            auditEntry(clock(), actor, {
              action: 'credential.rotated',
              subject: record.name,
              detail: { id: record.id, from: record.credential?.identity ?? '', to: credential.identity },
            }),
          ),
        );
        if (!stored.ok) return stored;
        // Only now: until here the old one was the one that is stored.
        const finished = await finish();
        const clean = wayOut.redactor([...secrets, credential.secret]);
        return ok({ record: stored.value, overlap, warnings: finished.ok ? [] : [clean(finished.error)] });
      } finally {
        client.close();
      }
    },

    async revoke(actor, key, admin) {
      const allowed = mayManage(actor, 'revoke credentials');
      if (!allowed.ok) return allowed;
      const found = await held(key, admin);
      if (!found.ok) return found;
      const { record, target, kind, secrets, subjects } = found.value;
      const { revoke } = kind;
      if (revoke === undefined) return notOffered(record.kind, 'revoked');
      const revoked = await reach(target, secrets, (client) => revoke(...subjects(client)));
      if (!revoked.ok) return revoked;
      const emptied: ConnectionRecord = {
        ...touched(record, actor.username),
        credential: null,
        expiresAt: null,
        warnedDays: null,
        refusedAt: null,
        refusal: null,
        lastTest: null,
      };
      return write(emptied, false, (tx) =>
        tx.audit(
          auditEntry(clock(), actor, {
            action: 'credential.revoked',
            subject: record.name,
            detail: { id: record.id, identity: record.credential?.identity ?? '' },
          }),
        ),
      );
    },
  };
}
