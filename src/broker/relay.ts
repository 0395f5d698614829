import type { IncomingMessage } from 'node:http';
import { auditEntry } from '../audit/entry.ts';
import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import { inPortions } from '../base/turn.ts';
import type { Finding } from '../kinds/finding.ts';
import type { LastUses } from '../tokens/last-use.ts';
import type { Verdict, Verified, Verifier } from '../tokens/verify.ts';
import type { ActiveRoute } from './book.ts';
import { findCallerToken } from './caller.ts';
import type { CallerRequest, CallerResponse } from './caller-side.ts';
import type { Decision } from './decide.ts';
import type { Destination, Destinations, Rider } from './destinations.ts';
import type { Ends, Outcome, RequestBody, Tunnel } from './errand.ts';
import { passedHeaders } from './headers.ts';
import { type CallRefusal, judgeCall, judgeCaller, NO_TOKEN } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { LiveCalls } from './live.ts';
import { sendRefusal } from './refusal.ts';
import { bodyOf, gather } from './request-body.ts';
import { type RequestHead, readRequestHead } from './request-head.ts';
import { type CallTarget, readTarget } from './target.ts';
import { Transport } from './transport.ts';

/** A call that selected a route, before anything is known about who makes it. */
export interface Incoming {
  readonly message: CallerRequest;
  /** What follows the head; null where nothing does. */
  readonly stream: IncomingMessage | null;
  readonly response: CallerResponse;
  readonly route: ActiveRoute;
  /** Path and query as they are to travel. */
  readonly path: string;
  readonly tunnel: Tunnel | null;
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
  readonly addressOf: (socketAddress: string | undefined, forwardedFor: string | undefined) => string | null;
}

/** A call as it goes from station to station; each fills in what it found. */
interface Call extends Incoming {
  readonly method: string;
  readonly asked: RequestHead;
  readonly target: CallTarget;
  readonly decision: Decision;
  readonly startedMs: number;
  verified: Verified | null;
  /** The identity that stood beside the caller's token. */
  beside: string | null;
  /** The fallback of the connection rode, because its credential is refused. */
  fellBack: boolean;
}

/** Judges each call and passes on those that may. Without a promise as long as all facts are at hand. */
export function createRelay(needs: Dependencies): Relay {
  const { verifier, destinations, lastUses, ledger, live, clock, addressOf } = needs;

  function relay(incoming: Incoming): void {
    const { message, route, response, path } = incoming;
    const { record } = route;
    const method = message.method ?? '';
    const startedMs = performance.now();
    const asked = readRequestHead(message.rawHeaders);
    const target = readTarget(path, record.kind);
    const fault = target.ok ? headFault(asked) : target.fault;
    if (!target.ok || fault !== null) {
      refuse(incoming, { status: 400, code: 'invalid_request', message: fault ?? '' });
      return;
    }
    const { decision, refusal } = judgeCall(route.decide, method, target.value, record.name);
    const call: Call = {
      message,
      stream: incoming.stream,
      response,
      route,
      path,
      tunnel: incoming.tunnel,
      continueFirst: incoming.continueFirst,
      method,
      asked,
      target: target.value,
      decision,
      startedMs,
      verified: null,
      beside: null,
      fellBack: false,
    };
    if (decision.access === 'anyone') {
      admit(call);
      return;
    }
    const caller = findCallerToken(asked);
    if (caller.found !== 'token') {
      refuse(call, caller.found === 'odd' ? { ...NO_TOKEN, message: caller.message } : NO_TOKEN);
      return;
    }
    call.beside = caller.beside;
    const verdict = verifier.check(caller.token);
    if (verdict instanceof Promise)
      verdict.then((late) => judge(call, late, refusal)).catch(() => refuse(call, CANNOT_TELL));
    else judge(call, verdict, refusal);
  }

  function judge(call: Call, verdict: Verdict, never: CallRefusal | null): void {
    // Whoever is nobody learns nothing about the rules.
    const refusal = (verdict.ok ? never : null) ?? judgeCaller(verifier, call.decision, verdict);
    if (refusal === null && verdict.ok) {
      call.verified = verdict;
      admit(call);
      return;
    }
    if (verdict.token === null || refusal === null) {
      const why = refusal ?? CANNOT_TELL;
      if (call.response.late === true) refuse(call, why);
      else turnAway({ call, refusal: why });
      return;
    }
    refuse(call, refusal);
    const { record } = verdict.token;
    ledger.refused(
      auditEntry(
        clock(),
        { username: record.username, tokenId: record.id, address: callerAddress(call) },
        {
          action: 'route.refused',
          route: call.route.record.name,
          method: call.method,
          path: shortened(call.target.path),
          status: refusal.status,
          detail: {
            reason: refusal.code,
            ...(refusal.missing === undefined ? {} : { missing: refusal.missing }),
          },
        },
      ),
    );
  }

  const callerAddress = ({ message, asked }: Call): string | null =>
    addressOf(message.socket.remoteAddress, asked.forwardedFor);

  function admit(call: Call): void {
    const { route } = call;
    const { record } = route;
    if (!ledger.open()) {
      refuse(call, NO_AUDIT);
      return;
    }
    if (route.active >= record.maxConcurrent) {
      refuse(call, {
        status: 503,
        code: 'too_many_calls',
        message: `The route ${record.name} carries its ${record.maxConcurrent} calls already`,
        retryAfterSeconds: 1,
      });
      return;
    }
    route.active++;
    const found = destinations.of(record);
    if (found instanceof Promise) found.then((late) => approach(call, late)).catch(() => broken(call));
    else approach(call, found);
  }

  function approach(call: Call, found: Result<Destination>): void {
    if (!found.ok) {
      const { code, message } = found.error;
      // A credential that is known to be refused is not sent again until somebody sees to it.
      const status = code === 'sealed' || code === 'upstream_failed' ? 503 : 502;
      turnBack(call, { status, code, message });
      return;
    }
    const destination = found.value;
    const pause = destination.breaker.blocked();
    if (pause !== null) {
      turnBack(call, { status: 503, code: 'paused', ...pause });
      return;
    }
    // A call that needs no token gets no credential either.
    const ridden = call.verified === null ? null : (destination.inject?.(call.method) ?? null);
    if (ridden instanceof Promise)
      ridden.then((late) => mount(call, destination, late)).catch(() => broken(call));
    else mount(call, destination, ridden);
  }

  function mount(call: Call, destination: Destination, ridden: Result<Rider, Finding> | null): void {
    if (ridden !== null && !ridden.ok) {
      turnBack(call, { status: 502, code: ridden.error.code, message: ridden.error.sentence });
      return;
    }
    const rider = ridden === null ? null : ridden.value;
    call.fellBack = rider !== null && destination.fallsBack;
    const { stream, response, route } = call;
    const body = bodyOf(call.asked, route.record.kind);
    if (body.kind !== 'whole' || stream === null) {
      send(call, destination, rider, body);
      return;
    }
    // Proxmox refuses bodies without a length, so one is made.
    if (call.continueFirst) response.writeContinue();
    gather(stream, route.record.idleMs)
      .then((bytes) => {
        if (!Buffer.isBuffer(bytes)) turnBack(call, bytes);
        else send(call, destination, rider, { kind: 'whole', bytes });
      })
      .catch(() => broken(call));
  }

  function send(call: Call, destination: Destination, rider: Rider | null, body: RequestBody): void {
    const { message, response, route, tunnel, method, asked, target } = call;
    if (response.destroyed || response.closed) {
      settle(call, { status: 0, bytesDown: 0, bytesUp: 0, broken: 'the caller went away' });
      return;
    }
    const { origin, authority } = destination;
    let head = `${method} ${origin.basePath}${target.raw} HTTP/1.1\r\nHost: ${authority}\r\n`;
    if (rider !== null) head += rider.lines;
    const strip = rider === null ? NONE : rider.strip;
    head += passedHeaders(message.rawHeaders, asked.named, route.passHeaders, strip, tunnel !== null);
    head += framing(body, method);
    head += tunnel === null ? '\r\n' : 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const transport = new Transport(call, { destination, head, body, rider }, ends, clock);
    live.add(transport);
    transport.start();
  }

  const ends: Ends<Call> = {
    failed(call, refusal, transport) {
      live.remove(transport);
      turnBack(call, refusal);
    },
    done(call, outcome, transport) {
      live.remove(transport);
      settle(call, outcome);
    },
  };

  /** An admitted call that goes no further. */
  function turnBack(call: Call, refusal: CallRefusal): void {
    settle(call, { status: refusal.status, bytesDown: 0, bytesUp: 0, broken: refusal.code });
    refuse(call, refusal);
  }

  const broken = (call: Call): void =>
    turnBack(call, { status: 502, code: 'internal', message: 'The call could not be passed on' });

  /** The end of an admitted call: its place is free, its row is written. */
  function settle(call: Call, outcome: Outcome): void {
    const { verified, target, beside, startedMs, route, method } = call;
    route.active--;
    const address = callerAddress(call);
    const record = verified === null ? null : verified.token.record;
    if (record !== null) lastUses.note(record.id, address, route.record.name);
    const detail: Record<string, unknown> = {
      bytes: outcome.bytesDown,
      sent: outcome.bytesUp,
      ms: Math.round(performance.now() - startedMs),
    };
    if (beside !== null && beside !== '') detail.beside = beside.slice(0, 100);
    if (call.fellBack) detail.fell_back = true;
    if (outcome.broken !== null) detail.broken = outcome.broken;
    ledger.write({
      at: clock(),
      action: 'route.used',
      actor: record === null ? ANYONE : record.username,
      tokenId: record === null ? null : record.id,
      address,
      subject: null,
      route: route.record.name,
      method,
      path: shortened(target.path),
      status: outcome.status,
      detail,
    });
  }

  return relay;
}

const shortened = (path: string): string => (path.length > 500 ? path.slice(0, 500) : path);

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

/** Whoever is nobody hears so after everybody else was looked after: a flood of bad tokens shall delay no good call. */
const turnAway = inPortions(
  8,
  ({ call, refusal }: { readonly call: Incoming; readonly refusal: CallRefusal }) => refuse(call, refusal),
);

function refuse({ stream, response, route }: Incoming, refusal: CallRefusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  sendRefusal(response, refusal, route.record.kind, route.record.name, stream !== null && hasMore(stream));
}

function headFault({ hosts, isCodedOddly }: RequestHead): string | null {
  if (hosts !== 1) return 'The request needs one Host header';
  return isCodedOddly ? 'A body may have no transfer coding but chunked' : null;
}

const hasMore = ({ complete, headers }: IncomingMessage): boolean =>
  !complete && (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0');

/** The lines that say how long the body is. */
function framing(body: RequestBody, method: string): string {
  switch (body.kind) {
    case 'whole':
      return `Content-Length: ${body.bytes.length}\r\n`;
    case 'length':
      return `Content-Length: ${body.length}\r\n`;
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n';
    case 'none':
      return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'Content-Length: 0\r\n' : '';
  }
}
