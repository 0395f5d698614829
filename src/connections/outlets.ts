import { type Actor, internalActor } from '../access/principal.ts';
import type { Change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Carrier, Credential, Kind, Subject } from '../kinds/kind.ts';
import { KINDS } from '../kinds/registry.ts';
import { faultOf, unknownConnection } from './access.ts';
import { notSentAgain } from './examine.ts';
import { find } from './findings.ts';
import type { Outcomes } from './outcome.ts';
import type { ConnectionRecord } from './record.ts';
import type { ConnectionStore } from './store.ts';
import type { Turns } from './turns.ts';
import type { SecretField, Vault } from './vault.ts';
import { isRefusal } from './verdict.ts';
import type { Vicinity } from './vicinity.ts';
import type { OutboundClient, WayOut } from './way-out.ts';

/** A connection ready to be used: its way out, and the credential that counts at this moment. */
export interface Outlet {
  readonly record: ConnectionRecord;
  readonly kind: Kind;
  readonly client: OutboundClient;
  readonly credential: Credential;
  /** Kept as long as the outlet, because it never sends a refused password again. */
  readonly carrier: Carrier;
  /** `fallback` while the credential itself is refused and the fallback stands in. */
  readonly field: SecretField;
  readonly subject: Subject;
}

/** The outlets of this process, opened on demand and forgotten when the change feed says so. */
export interface Outlets {
  /**
   * By id or name. A credential that is refused as it stands is not handed out (`upstream_failed`); one whose
   * refusals are counted has logged in before it is.
   */
  open(key: string): Promise<Result<Outlet>>;
  /** One that is open already, and has logged in where it has to. */
  atHand(key: string): Outlet | undefined;
  /** Runs one piece of work; when the credential is refused in it, once more with the fallback if that is on. */
  use<T>(
    actor: Actor,
    key: string,
    work: (outlet: Outlet) => Promise<Result<T, Finding>>,
  ): Promise<Result<T>>;
  /** A call that was passed on with the credential was refused: where that is counted, it has to log in anew. */
  doubt(outlet: Outlet): Promise<void>;
  /** Tells that the fallback did what the credential could not. */
  fellBack(actor: Actor, outlet: Outlet): Promise<void>;
  forget(change: Change): void;
  forgetAll(): void;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly turns: Turns;
  readonly vault: Vault;
  readonly wayOut: WayOut;
  readonly vicinity: Vicinity;
  readonly outcomes: Outcomes;
  readonly clock: Clock;
}

export function createOutlets({
  store,
  turns,
  vault,
  wayOut,
  vicinity,
  outcomes,
  clock,
}: Dependencies): Outlets {
  const byKey = new Map<string, Outlet>();
  /** Grows with everything forgotten: what was read before then is not kept. */
  let epoch = 0;
  /** What was accepted since this process opened it. */
  const proven = new WeakSet<Outlet>();

  /** Not handed out any more. What is under way with it ends by itself, and its idle sockets after seconds. */
  function drop(outlet: Outlet): void {
    for (const [key, kept] of byKey) if (kept === outlet) byKey.delete(key);
  }

  async function opened(key: string): Promise<Result<Outlet>> {
    const kept = byKey.get(key);
    if (kept !== undefined) return ok(kept);
    const readAt = epoch;
    const record = await store.connection(key);
    if (record === null) return err(unknownConnection(key));
    const chosen = choose(record);
    if (!chosen.ok) return err(faultOf(chosen.error));
    const read = vault.open(record.id, chosen.value.field, chosen.value.stored);
    if (!read.ok) return read;
    const origin = wayOut.parseOrigin(record.origin);
    if (!origin.ok) return origin;
    const existing = byKey.get(key);
    if (existing !== undefined) return ok(existing);
    const client = wayOut.open({ origin: origin.value, trust: record.trust, clock });
    const kind = KINDS[record.kind];
    const credential = read.value;
    const subject: Subject = { client, credential, clock };
    const carrier = kind.carrier(subject);
    const outlet: Outlet = { record, kind, client, credential, carrier, field: chosen.value.field, subject };
    if (readAt === epoch) {
      byKey.set(record.id, outlet);
      byKey.set(record.name, outlet);
    }
    return ok(outlet);
  }

  const around = ({ record, client }: Outlet) => vicinity.around(record.kind, client.origin, null);

  const mustLogIn = (outlet: Outlet): boolean =>
    !proven.has(outlet) && (outlet.kind.login !== undefined || outlet.credential.method === 'password');

  async function logIn(outlet: Outlet): Promise<Result<unknown, Finding>> {
    const { kind, subject, carrier } = outlet;
    return kind.login?.({ ...subject, surroundings: around(outlet) }) ?? carrier.inject('GET');
  }

  /**
   * Work whose outcome shows whether the credential is accepted. Where refusals are counted, the first of it is done
   * in turn over all processes, and the refusal is written down before anybody else may try: null where somebody
   * else has learned of one, or stored another, while this one waited.
   */
  async function prove<T>(
    actor: Actor,
    outlet: Outlet,
    work: () => Promise<Result<T, Finding>>,
  ): Promise<Result<T, Finding> | null> {
    const { record, field } = outlet;
    const { method } = outlet.credential;
    const attempt = async (): Promise<Result<T, Finding>> => {
      const done = await work();
      if (done.ok) proven.add(outlet);
      else if (isRefusal(done.error)) {
        // A login of a kind's own has counted its refusal itself.
        if (outlet.kind.login === undefined || proven.has(outlet)) await count(outlet);
        await outcomes.refused(actor, outlet.record, outlet.field, done.error);
        drop(outlet);
      }
      return done;
    };
    if (proven.has(outlet) || (method !== 'password' && method !== 'basic')) return attempt();
    return turns.take(record.id, async () => {
      const now = await store.connection(record.id);
      const chosen = now === null ? null : choose(now);
      const same = chosen?.ok === true && chosen.value.field === field;
      if (same && chosen.value.stored.version === versionOf(outlet)) return attempt();
      drop(outlet);
      return null;
    });
  }

  async function open(key: string): Promise<Result<Outlet>> {
    for (let refusals = 0; ; ) {
      const outlet = await opened(key);
      if (!outlet.ok || !mustLogIn(outlet.value)) return outlet;
      const login = await prove(internalActor, outlet.value, () => logIn(outlet.value));
      if (login?.ok) return outlet;
      if (login === null) continue;
      refusals += 1;
      if (refusals > 1 || !isRefusal(login.error)) return err(faultOf(login.error));
    }
  }

  async function fellBack(actor: Actor, outlet: Outlet): Promise<void> {
    await outcomes.fellBack(actor, outlet.record, stoodIn(outlet));
  }

  async function count(outlet: Outlet): Promise<void> {
    vicinity.noteRefusal(outlet.client.origin);
    await around(outlet).loginBudget?.refused();
  }

  return {
    open,
    atHand(key) {
      const outlet = byKey.get(key);
      return outlet !== undefined && mustLogIn(outlet) ? undefined : outlet;
    },
    fellBack,

    async doubt(outlet) {
      if (outlet.kind.login === undefined) return;
      proven.delete(outlet);
      await count(outlet);
    },

    async use(actor, key, work) {
      for (let refusals = 0; ; ) {
        let outlet = await opened(key);
        if (outlet.ok && outlet.value.kind.login !== undefined) outlet = await open(key);
        if (!outlet.ok) return outlet;
        const { value } = outlet;
        const done = await prove(actor, value, () => work(value));
        if (done === null) continue;
        if (done.ok) {
          if (outlet.value.field === 'fallback') await fellBack(actor, outlet.value);
          return done;
        }
        if (!isRefusal(done.error)) return err(faultOf(done.error));
        const { fallback, fallbackEnabled, fallbackRefusedAt } = outlet.value.record;
        const another = outlet.value.field === 'secret' && fallback !== null && fallbackEnabled;
        refusals += 1;
        if (refusals > 1 || !another || fallbackRefusedAt !== null) return err(faultOf(done.error));
      }
    },

    forget(change) {
      if (change.topic !== 'connection') return;
      epoch += 1;
      for (const outlet of new Set(byKey.values()))
        if (change.key === '*' || outlet.record.id === change.key) drop(outlet);
    },

    forgetAll() {
      epoch += 1;
      for (const outlet of new Set(byKey.values())) drop(outlet);
    },
  };
}

/** The credential, or the fallback while the credential is refused and somebody turned falling back on. */
function choose(
  record: ConnectionRecord,
): Result<{ field: SecretField; stored: NonNullable<ConnectionRecord['credential']> }, Finding> {
  const { credential, fallback, refusedAt, refusal } = record;
  if (credential === null) return err(find('NO_CREDENTIAL', 'P0', 'nothing stored', { name: record.name }));
  if (refusedAt === null || refusal === null) return ok({ field: 'secret', stored: credential });
  if (fallback !== null && record.fallbackEnabled && record.fallbackRefusedAt === null)
    return ok({ field: 'fallback', stored: fallback });
  return err(notSentAgain({ at: refusedAt, said: refusal }, credential));
}

const versionOf = ({ record, field }: Outlet): number | undefined =>
  (field === 'secret' ? record.credential : record.fallback)?.version;

const stoodIn = ({ record, credential }: Outlet): Finding =>
  find('FELL_BACK', 'P7', record.refusal?.evidence ?? '', {
    identity: credential.identity,
    refused: record.credential?.identity ?? '',
  });
