import type { Actor } from '../access/principal.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { mayManage, unknownConnection } from './access.ts';
import { targetOf } from './candidate.ts';
import { readTarget, type Target } from './draft.ts';
import type { ConnectionStore } from './store.ts';
import type { TrustWish } from './trust.ts';
import type { OutboundClient, WayOut } from './way-out.ts';

type Seen = Extract<Awaited<ReturnType<OutboundClient['look']['certificate']>>, { ok: true }>['value'];

/** What the other side shows before anything is sent. */
export interface Shown {
  readonly origin: string;
  readonly address: string | null;
  readonly protocol: string | null;
  readonly chain: Seen['peer']['chain'];
  readonly trusted: boolean;
  /** Why it is not trusted, or why nothing was shown. */
  readonly reason: string | null;
  readonly pinned: string | null;
  readonly changed: boolean;
}

/** A look at the certificate, for a person who is about to decide about trust. No credential takes part. */
export interface Inspecting {
  values(actor: Actor, url: string, trust?: TrustWish): Promise<Result<Shown>>;
  stored(actor: Actor, key: string): Promise<Result<Shown>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly wayOut: WayOut;
  readonly clock: Clock;
}

export function createInspecting({ store, wayOut, clock }: Dependencies): Inspecting {
  async function show({ origin, trust, url }: Target): Promise<Shown> {
    const pinned = trust.mode === 'pin' ? trust.sha256 : null;
    const nothing = { origin: url, address: null, protocol: null, chain: [], pinned, changed: false };
    if (origin.scheme === 'http')
      return { ...nothing, trusted: false, reason: 'The address is http: nobody proves anything there.' };
    const client = wayOut.open({ origin, trust, clock });
    try {
      const seen = await client.look.certificate();
      if (!seen.ok) return { ...nothing, trusted: false, reason: `${seen.error.message}.` };
      const { peer, refusal } = seen.value;
      const [leaf] = peer.chain;
      return {
        ...nothing,
        address: peer.address,
        protocol: peer.protocol,
        chain: peer.chain,
        trusted: refusal === undefined && trust.mode !== 'none',
        reason:
          refusal === undefined
            ? trust.mode === 'none'
              ? 'Verification is switched off.'
              : null
            : `${refusal.message}.`,
        changed: pinned !== null && leaf !== undefined && leaf.fingerprint !== pinned,
      };
    } finally {
      client.close();
    }
  }

  return {
    async values(actor, url, trust) {
      const allowed = mayManage(actor, 'look at other systems');
      if (!allowed.ok) return allowed;
      const wish = { kind: 'http' as const, url, ...(trust === undefined ? {} : { trust }) };
      const target = readTarget(wayOut, wish, seconds(clock));
      return target.ok ? ok(await show(target.value)) : target;
    },

    async stored(actor, key) {
      const allowed = mayManage(actor, 'look at other systems');
      if (!allowed.ok) return allowed;
      const record = await store.connection(key);
      if (record === null) return err(unknownConnection(key));
      const target = targetOf(wayOut, record);
      return target.ok ? ok(await show(target.value)) : target;
    },
  };
}
