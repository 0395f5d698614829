import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import type { LastUses } from '../tokens/last-use.ts';
import type { Verdict, Verified, Verifier } from '../tokens/verify.ts';
import type { ActiveRoute } from './book.ts';
import { type CallerToken, findCallerToken } from './caller.ts';
import type { Decision } from './decide.ts';
import type { Destinations } from './destinations.ts';
import { passedHeaders } from './headers.ts';
import { type CallRefusal, judgeCall, judgeCaller, NO_TOKEN } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { LiveCall, LiveCalls } from './live.ts';
import { sendRefusal } from './refusal.ts';
import { bodyOf, gather } from './request-body.ts';
import { type CallTarget, readTarget } from './target.ts';
import { type Outcome, type RequestBody, startTransport } from './transport.ts';

/** A call that selected a route, before anything is known about who makes it. */
export interface Incoming {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: ActiveRoute;
  /** Path and query as they are to travel. */
  readonly path: string;
  readonly tunnel: { readonly socket: Duplex; readonly head: Buffer } | null;
  readonly continueFirst: boolean;
}

export type Relay = (call: Incoming) => void;

interface Dependencies {
  readonly verifier: Verifier;
  readonly destinations: Destinations;
  readonly lastUses: Pick<LastUses, 'note'>;
  readonly ledger: Ledger;
  readonly live: LiveCalls;
  readonly clock: Clock;
  readonly addressOf: (message: IncomingMessage) => string | null;
}

/** What is known of the caller when the verdict is in. */
interface Judged {
  readonly target: CallTarget;
  readonly decision: Decision;
  readonly verified: Verified | null;
  readonly beside: string | null;
  readonly startedMs: number;
}

/** Judges each call and passes on those that may. Without a promise as long as the facts about the token are at hand. */
export function createRelay(needs: Dependencies): Relay {
  const { verifier, destinations, lastUses, ledger, live, clock, addressOf } = needs;

  function relay(call: Incoming): void {
    const { message, route } = call;
    const { record } = route;
    const method = message.method ?? '';
    const startedMs = performance.now();
    const target = readTarget(call.path, record.kind);
    if (!target.ok || !hasOneHost(message.rawHeaders)) {
      const text = target.ok ? 'The request has more than one Host header' : target.fault;
      refuse(call, { status: 400, code: 'invalid_request', message: text });
      return;
    }
    const { decision, refusal } = judgeCall(route.decide, method, target.value, record.name);
    const judged: Judged = { target: target.value, decision, verified: null, beside: null, startedMs };
    if (decision.access === 'anyone') {
      admit(call, judged);
      return;
    }
    const caller = findCallerToken(message.rawHeaders);
    if (caller.found !== 'token') {
      refuse(call, caller.found === 'odd' ? { ...NO_TOKEN, message: caller.message } : NO_TOKEN);
      return;
    }
    const decide = (verdict: Verdict): void => judge(call, judged, caller, verdict, refusal);
    const verdict = verifier.check(caller.token);
    if (verdict instanceof Promise) verdict.then(decide).catch(() => refuse(call, CANNOT_TELL));
    else decide(verdict);
  }

  function judge(
    call: Incoming,
    judged: Judged,
    caller: Extract<CallerToken, { found: 'token' }>,
    verdict: Verdict,
    never: CallRefusal | null,
  ): void {
    // Whoever is nobody learns nothing about the rules.
    const refusal = (verdict.ok ? never : null) ?? judgeCaller(verifier, judged.decision, verdict);
    if (refusal === null && verdict.ok) {
      admit(call, { ...judged, verified: verdict, beside: caller.beside });
      return;
    }
    refuse(call, refusal ?? CANNOT_TELL);
    if (verdict.token === null || refusal === null) return;
    const { record } = verdict.token;
    ledger.write(
      auditEntry(
        clock(),
        { username: record.username, tokenId: record.id, address: addressOf(call.message) },
        {
          action: 'route.refused',
          route: call.route.record.name,
          method: call.message.method ?? null,
          path: judged.target.path.slice(0, 500),
          status: refusal.status,
          detail: {
            reason: refusal.code,
            ...(refusal.missing === undefined ? {} : { missing: refusal.missing }),
          },
        },
      ),
    );
  }

  function admit(call: Incoming, judged: Judged): void {
    const { route } = call;
    if (!ledger.open()) {
      refuse(call, NO_AUDIT);
      return;
    }
    if (route.active >= route.record.maxConcurrent) {
      refuse(call, {
        status: 503,
        code: 'too_many_calls',
        message: `The route ${route.record.name} carries its ${route.record.maxConcurrent} calls already`,
        retryAfterSeconds: 1,
      });
      return;
    }
    route.active++;
    carry(call, judged).catch(() => {
      settle(call, judged, { status: 502, bytesDown: 0, bytesUp: 0, broken: 'internal' });
      refuse(call, { status: 502, code: 'internal', message: 'The call could not be passed on' });
    });
  }

  async function carry(call: Incoming, judged: Judged): Promise<void> {
    const { message, response, route } = call;
    const { record } = route;
    const method = message.method ?? '';
    const turnedBack = (refusal: CallRefusal): void => {
      settle(call, judged, { status: refusal.status, bytesDown: 0, bytesUp: 0, broken: refusal.code });
      refuse(call, refusal);
    };

    const found = await destinations.of(record);
    if (!found.ok) {
      const { code, message: text } = found.error;
      turnedBack({ status: code === 'sealed' ? 503 : 502, code, message: text });
      return;
    }
    const destination = found.value;
    const pause = destination.breaker.blocked();
    if (pause !== null) {
      turnedBack({ status: 503, code: 'paused', ...pause });
      return;
    }
    // A call that needs no token gets no credential either.
    const ridden = judged.verified === null ? null : await destination.inject?.(method);
    if (ridden != null && !ridden.ok) {
      turnedBack({ status: 502, code: ridden.error.code, message: ridden.error.sentence });
      return;
    }
    const rider = ridden?.value ?? null;

    let body: RequestBody = bodyOf(message, record.kind);
    if (body.kind === 'whole') {
      // Proxmox refuses bodies without a length, so one is made.
      if (call.continueFirst) response.writeContinue();
      const gathered = await gather(message, record.idleMs);
      if (typeof gathered === 'string') {
        turnedBack({ status: 413, code: 'body_too_large', message: gathered });
        return;
      }
      body = { kind: 'whole', bytes: gathered };
    }
    if (response.destroyed || response.closed) {
      settle(call, judged, { status: 0, bytesDown: 0, bytesUp: 0, broken: 'the caller went away' });
      return;
    }
    const { origin, authority } = destination;
    let head = `${method} ${origin.basePath}${judged.target.raw} HTTP/1.1\r\nHost: ${authority}\r\n`;
    if (rider !== null) head += rider.lines;
    head += passedHeaders(message.rawHeaders, route.passHeaders, rider?.strip ?? NONE, call.tunnel !== null);
    head += framing(body, message, method);
    head += call.tunnel === null ? '\r\n' : 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

    const transport = startTransport({
      message,
      response,
      tunnel: call.tunnel,
      continueFirst: call.continueFirst,
      destination,
      method,
      head,
      body,
      rider,
      firstByteMs: record.firstByteMs,
      idleMs: record.idleMs,
      clock,
      fail(refusal) {
        live.remove(watched);
        turnedBack(refusal);
      },
      done(outcome) {
        live.remove(watched);
        settle(call, judged, outcome);
      },
    });
    const watched: LiveCall = {
      route,
      verified: judged.verified,
      decision: judged.decision,
      get deadline() {
        return transport.deadline;
      },
      expire: transport.expire,
      cut: transport.cut,
    };
    live.add(watched);
  }

  /** The end of an admitted call: its place is free, its row is written. */
  function settle({ message, route }: Incoming, judged: Judged, outcome: Outcome): void {
    route.active--;
    const { verified, target, beside, startedMs } = judged;
    const address = addressOf(message);
    const record = verified?.token.record;
    if (record !== undefined) lastUses.note(record.id, address, route.record.name);
    ledger.write(
      auditEntry(
        clock(),
        { username: record?.username ?? ANYONE, tokenId: record?.id ?? null, address },
        {
          action: 'route.used',
          route: route.record.name,
          method: message.method ?? null,
          path: target.path.slice(0, 500),
          status: outcome.status,
          detail: {
            bytes: outcome.bytesDown,
            sent: outcome.bytesUp,
            ms: Math.round(performance.now() - startedMs),
            ...(beside === null || beside === '' ? {} : { beside: beside.slice(0, 100) }),
            ...(outcome.broken === null ? {} : { broken: outcome.broken }),
          },
        },
      ),
    );
  }

  return relay;
}

const NONE: readonly string[] = [];
const ANYONE = '<anyone>';
const CANNOT_TELL: CallRefusal = {
  status: 503,
  code: 'unavailable',
  message: 'Cannot tell at the moment whether the token is good; try again',
  retryAfterSeconds: 1,
};
const NO_AUDIT: CallRefusal = {
  status: 503,
  code: 'unavailable',
  message: 'The audit trail cannot be written at the moment; try again',
  retryAfterSeconds: 2,
};

function refuse({ message, response, route }: Incoming, refusal: CallRefusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  sendRefusal(response, refusal, route.record.kind, route.record.name, !message.complete && hasBody(message));
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** The lines that say how long the body is. */
function framing(body: RequestBody, message: IncomingMessage, method: string): string {
  switch (body.kind) {
    case 'whole':
      return `Content-Length: ${body.bytes.length}\r\n`;
    case 'length':
      return `Content-Length: ${message.headers['content-length']}\r\n`;
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n';
    case 'none':
      return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'Content-Length: 0\r\n' : '';
  }
}

function hasOneHost(raw: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1;
}
