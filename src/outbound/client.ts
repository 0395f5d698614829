import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { allowedAddresses, connectFirst, type Network, systemNetwork } from './dial.ts';
import { carry, exchange, readBody, type Sent } from './exchange.ts';
import { failure, type OutboundFailure } from './failure.ts';
import { createLook, type Look } from './look.ts';
import {
  DEADLINES,
  type Deadlines,
  LIMITS,
  type Limits,
  type OutboundRequest,
  type OutboundResponse,
  readHead,
  type StreamedRequest,
  type StreamedResponse,
} from './message.ts';
import type { Origin } from './origin.ts';
import { checkPath } from './path.ts';
import { redactor } from './redact.ts';
import { handshake } from './secure.ts';
import { judgePeer, type Trust, trustContext, trustEnded } from './trust.ts';

/** The way out to one registered origin. Expected failures return; nothing here throws on bad networks. */
export interface OutboundClient {
  readonly origin: Origin;
  readonly trust: Trust;
  /** One call with a bounded answer. Redirects come back as they are and are never followed. */
  request(request: OutboundRequest): Promise<Result<OutboundResponse, OutboundFailure>>;
  /** As `request`, with the body as a stream; `totalMs` then ends with the head of the answer. */
  open(request: StreamedRequest): Promise<Result<StreamedResponse, OutboundFailure>>;
  /** Asks for another protocol (WebSocket). A refusal comes back with its head and an ended socket. */
  upgrade(request: OutboundRequest): Promise<Result<Upgraded, OutboundFailure>>;
  /** The same origin looked at without credentials: addresses, ports, certificate, banner. */
  readonly look: Look;
  close(): void;
}

export interface Upgraded extends Omit<OutboundResponse, 'body'> {
  /** Present when the other side answered 101; `head` was read with the answer and comes first. */
  readonly tunnel?: { readonly socket: Duplex; readonly head: Buffer };
  /** Of a refusal, cut at the body limit. */
  readonly body: Buffer;
}

export interface OutboundOptions {
  readonly origin: Origin;
  readonly trust: Trust;
  readonly clock?: Clock;
  readonly network?: Network;
  readonly deadlines?: Partial<Deadlines>;
  readonly limits?: Partial<Limits>;
  /** Connections kept at once, idle ones included; default 16. Tunnels are not counted. */
  readonly maxSockets?: number;
}

/** Servers close idle connections after 5 s (Proxmox); ours go first. */
const IDLE_MS = 4000;

export function createOutbound(options: OutboundOptions): OutboundClient {
  const { origin, trust } = options;
  const clock = options.clock ?? systemClock;
  const network = options.network ?? systemNetwork;
  const deadlines: Deadlines = { ...DEADLINES, ...options.deadlines };
  const limits: Limits = { ...LIMITS, ...options.limits };
  const serverName = ('serverName' in trust ? trust.serverName : undefined) ?? origin.host;
  const context = origin.scheme === 'https' ? trustContext(trust) : undefined;

  /** A socket on which the other side has proven itself. Only such sockets ever see a request. */
  async function dial(): Promise<Result<Socket, OutboundFailure>> {
    const ended = trustEnded(trust, clock);
    if (ended && origin.scheme === 'https') return err(ended);
    const addresses = await allowedAddresses(network, origin);
    if (!addresses.ok) return addresses;
    const socket = await connectFirst(network, addresses.value, origin.port, deadlines.connectMs);
    if (!socket.ok || context === undefined) return socket;
    const shaken = await handshake(socket.value, serverName, context, deadlines.tlsMs);
    if (!shaken.ok) return shaken;
    const refused = judgePeer(trust, shaken.value.peer, clock);
    if (refused === undefined) return ok(shaken.value.socket);
    shaken.value.socket.destroy();
    return err(refused);
  }

  const newAgent = (keepAlive: boolean): http.Agent => {
    const agent = new http.Agent({
      keepAlive,
      // Tunnels hold their socket for hours and must not starve one another.
      maxSockets: keepAlive ? (options.maxSockets ?? 16) : Number.POSITIVE_INFINITY,
      scheduling: 'lifo',
      ...(keepAlive ? { timeout: IDLE_MS } : {}),
    });
    agent.createConnection = (_options, callback) => {
      dial().then((socket) => {
        if (socket.ok) callback?.(null, socket.value);
        else callback?.(carry(socket.error), undefined as never);
      });
      return undefined;
    };
    return agent;
  };
  const pool = newAgent(true);
  const single = newAgent(false);

  async function send(request: StreamedRequest, fresh = false): Promise<Result<Sent, OutboundFailure>> {
    const fault = checkPath(request.path);
    if (fault !== undefined) return err(failure('http', 'bad_request', fault));
    const within: Deadlines = { ...deadlines, ...request.deadlines };
    const sent = await exchange(origin, request, within, limits, fresh ? single : pool);
    // A server may close an idle connection at the very moment we reuse it; only then, and only where
    // asking twice is the same as asking once, is the call repeated.
    const stale = !sent.ok && sent.error.code === 'connection_lost' && sent.error.evidence.reused === 'yes';
    const harmless = request.method === 'GET' && request.body === undefined;
    return stale && harmless && !fresh ? send(request, true) : sent;
  }

  async function request(asked: OutboundRequest): Promise<Result<OutboundResponse, OutboundFailure>> {
    const clean = redactor(secretsOf(asked));
    const started = performance.now();
    const sent = await send(asked);
    if (!sent.ok) return err(clean(sent.error));
    const { message } = sent.value;
    if (sent.value.upgraded) return unasked(sent.value.upgraded.socket);
    const totalMs = asked.deadlines?.totalMs ?? deadlines.totalMs;
    const body = await readBody(
      message,
      asked.maxBodyBytes ?? limits.maxBodyBytes,
      totalMs - (performance.now() - started),
    );
    return body.ok ? ok({ ...readHead(message), body: body.value }) : err(clean(body.error));
  }

  async function open(asked: StreamedRequest): Promise<Result<StreamedResponse, OutboundFailure>> {
    const sent = await send(asked);
    if (!sent.ok) return err(redactor(secretsOf(asked))(sent.error));
    if (sent.value.upgraded) return unasked(sent.value.upgraded.socket);
    return ok({ ...readHead(sent.value.message), body: sent.value.message });
  }

  async function upgrade(asked: OutboundRequest): Promise<Result<Upgraded, OutboundFailure>> {
    const sent = await send(asked, true);
    if (!sent.ok) return err(redactor(secretsOf(asked))(sent.error));
    const { message, upgraded } = sent.value;
    if (upgraded) return ok({ ...readHead(message), tunnel: upgraded, body: Buffer.alloc(0) });
    const body = await readBody(message, limits.maxBodyBytes, deadlines.totalMs);
    return body.ok ? ok({ ...readHead(message), body: body.value }) : body;
  }

  return {
    origin,
    trust,
    request,
    open,
    upgrade,
    look: createLook({ origin, trust, network, deadlines, limits, clock, serverName }),
    close: () => {
      pool.destroy();
      single.destroy();
    },
  };
}

/** The other side changed protocol though nobody asked it to. */
function unasked(socket: Duplex): Result<never, OutboundFailure> {
  socket.destroy();
  return err(failure('http', 'malformed_response', 'The answer changes protocol'));
}

const secretsOf = (request: StreamedRequest): Secret[] =>
  Object.values(request.headers ?? {}).filter((value) => value instanceof Secret);
