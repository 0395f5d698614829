import { type Clock, HOUR, MINUTE, seconds } from '../base/clock.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { hmac } from '../crypto/digest.ts';
import type { EventRecord } from './record.ts';
import type { ConnectionStore } from './store.ts';
import type { WayOut } from './way-out.ts';

/** Posts events to one address, signed, and tries again until somebody takes them. */
export interface Webhook {
  /** Delivers what is due. Several processes may call it; each event goes out once per try. */
  deliver(): Promise<void>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly wayOut: WayOut;
  readonly clock: Clock;
  /** May carry a secret in its path or query. */
  readonly url: Secret;
  /** Signs every body. */
  readonly key: Secret;
}

/** Pauses after each failed try; after the last one the event stays in the list, undelivered. */
const PAUSES = [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];
const HOLD_MS = 2 * MINUTE * 1000;
const BATCH = 20;
const PATIENCE = { firstByteMs: 10_000, totalMs: 15_000 };

/** An address that does not parse is a fault of the configuration (`invalid_request`). */
export function createWebhook({ store, wayOut, clock, url, key }: Dependencies): Result<Webhook> {
  const cut = /^(https?:\/\/[^/?#]+)([^#]*)$/i.exec(url.reveal());
  const origin = cut === null ? null : wayOut.parseOrigin(cut[1] ?? '', 'TESSERA_WEBHOOK_URL');
  if (origin === null || !origin.ok)
    return err(fieldFault('invalid_request', 'TESSERA_WEBHOOK_URL', 'is not a http or https address'));
  const path = (cut?.[2] ?? '').startsWith('/') ? (cut?.[2] ?? '/') : `/${cut?.[2] ?? ''}`;
  const place = origin.value;

  async function post(event: EventRecord): Promise<boolean> {
    const body = JSON.stringify(messageOf(event));
    const at = seconds(clock);
    const client = wayOut.open({ origin: place, trust: { mode: 'system' }, clock, deadlines: PATIENCE });
    try {
      const answer = await client.request({
        method: 'POST',
        path,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'tessera',
          'X-Tessera-Event': String(event.id),
          'X-Tessera-Signature': signature(key, at, body),
        },
        body,
        maxBodyBytes: 64 * 1024,
      });
      return answer.ok && answer.value.status >= 200 && answer.value.status < 300;
    } finally {
      client.close();
    }
  }

  let busy: Promise<void> | null = null;

  async function run(): Promise<void> {
    for (let count = BATCH; count === BATCH; ) {
      const events = await store.claimDeliveries(clock(), HOLD_MS, BATCH);
      count = events.length;
      for (const event of events) {
        const taken = await post(event);
        const pause = PAUSES[event.attempts - 1];
        if (taken) await store.settleDelivery(event.id, seconds(clock), null);
        else await store.settleDelivery(event.id, null, pause === undefined ? null : clock() + pause * 1000);
      }
    }
  }

  return ok({
    deliver() {
      busy = (busy ?? Promise.resolve()).then(run, run);
      return busy;
    },
  });
}

/** `t=<epoch seconds>,v1=<HMAC-SHA-256 over "t.body", hex>`: the time is signed too, so that a copy grows stale. */
export const signature = (key: Secret, at: number, body: string): string =>
  `t=${at},v1=${Buffer.from(hmac(key.reveal(), `${at}.${body}`), 'base64url').toString('hex')}`;

const messageOf = (event: EventRecord) => ({
  id: event.id,
  at: new Date(event.at * 1000).toISOString(),
  kind: event.kind,
  connection: { id: event.connectionId, name: event.connectionName },
  code: event.code,
  sentence: event.sentence,
  fix: event.fix,
});
