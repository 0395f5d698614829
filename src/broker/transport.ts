import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { type AnswerHead, type AnswerParser, createAnswerParser } from './answer-parser.ts';
import type { Destination, Rider } from './destinations.ts';
import { returnedHeaders } from './headers.ts';
import type { CallRefusal } from './judge.ts';
import type { Line } from './lines.ts';
import { reasonText } from './refusal.ts';
import { createScrubber, type Scrubber, scrubText } from './scrub.ts';
import { joinStreams } from './tunnel.ts';

/** What a request carries, as it is to be framed. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** Passed on as it comes, its length announced. */
  | { readonly kind: 'length' }
  | { readonly kind: 'chunked' };

export interface Errand {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** The caller's socket, where another protocol is asked for. */
  readonly tunnel: { readonly socket: Duplex; readonly head: Buffer } | null;
  /** The caller waits to be told to send its body. */
  readonly continueFirst: boolean;
  readonly destination: Destination;
  readonly method: string;
  /** The whole head of the request, ended. */
  readonly head: string;
  readonly body: RequestBody;
  readonly rider: Rider | null;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly clock: Clock;
  /** No answer came, and nothing was said to the caller yet. */
  fail(refusal: CallRefusal): void;
  /** The end, once, unless `fail` was called. */
  done(outcome: Outcome): void;
}

export interface Outcome {
  readonly status: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Why the call did not come to its proper end; null when it did. */
  readonly broken: string | null;
}

export interface Transport {
  deadline: number;
  expire(): void;
  cut(why: string): void;
}

const LAST_CHUNK = '0\r\n\r\n';
/** How long the rest of a body is swallowed whose answer is out already. */
const SWALLOW_MS = 5000;

/** Carries one call to the other system and its answer back, byte for byte, at the pace of the slower side. */
export function startTransport(errand: Errand): Transport {
  const { message, response, destination, method, body, rider, clock } = errand;
  const { lines, breaker } = destination;
  let line: Line | null = null;
  let parser: AnswerParser;
  let scrubber: Scrubber | null = null;
  let answer: AnswerHead | null = null;
  let tunnelled = false;
  let over = false;
  let sentAll = body.kind === 'none' || body.kind === 'whole';
  let retried = false;
  let bytesUp = body.kind === 'whole' ? body.bytes.length : 0;
  let bytesDown = 0;

  const transport: Transport = {
    deadline: Number.POSITIVE_INFINITY,
    expire: () => (answer === null && sentAll ? fail(TOO_SLOW) : cut('nothing moved for too long')),
    cut,
  };
  const touch = (): void => {
    transport.deadline = clock() + (answer === null && sentAll ? errand.firstByteMs : errand.idleMs);
  };

  function leave(): void {
    over = true;
    transport.deadline = Number.POSITIVE_INFINITY;
    response.removeListener('close', callerLeft);
    message.removeListener('data', bodyPart);
    message.removeListener('end', bodyEnd);
  }

  function done(broken: string | null): void {
    if (over) return;
    leave();
    errand.done({ status: answer?.status ?? 0, bytesDown, bytesUp, broken });
  }

  function dropLine(): void {
    if (line === null) return;
    line.user = null;
    line.socket.destroy();
    line = null;
  }

  function fail(refusal: CallRefusal): void {
    if (over) return;
    if (answer !== null) {
      cut(refusal.message);
      return;
    }
    dropLine();
    leave();
    message.resume();
    errand.fail(refusal);
  }

  /** Ends both sides at once, so that neither takes half an answer for a whole one. */
  function cut(why: string): void {
    if (over) return;
    dropLine();
    done(why);
    (errand.tunnel?.socket ?? response.socket ?? response).destroy();
  }

  function callerLeft(): void {
    cut('the caller went away');
  }

  async function begin(fresh: boolean): Promise<void> {
    const idle = fresh ? null : lines.idle();
    if (idle !== null) {
      speak(idle);
      return;
    }
    const dialled = await lines.dial();
    if (!dialled.ok) {
      breaker.away();
      const slow = dialled.error.code === 'connect_timeout' || dialled.error.code === 'tls_timeout';
      fail({
        status: slow ? 504 : 502,
        code: dialled.error.code,
        message: `${dialled.error.message} (${destination.authority})`,
      });
    } else if (over) lines.keep(dialled.value);
    else speak(dialled.value);
  }

  function speak(found: Line): void {
    line = found;
    parser = createAnswerParser(method, errand.tunnel !== null, { head, body: part, end, fault });
    found.user = {
      data(chunk) {
        touch();
        parser.push(chunk);
      },
      drained: () => void message.resume(),
      ended,
    };
    found.socket.resume();
    if (body.kind === 'whole') {
      found.socket.cork();
      found.socket.write(errand.head, 'latin1');
      found.socket.write(body.bytes);
      found.socket.uncork();
    } else found.socket.write(errand.head, 'latin1');
    if (!sentAll) {
      if (errand.continueFirst) response.writeContinue();
      message.on('data', bodyPart);
      message.on('end', bodyEnd);
    }
    touch();
  }

  function bodyPart(chunk: Buffer): void {
    if (line === null) return;
    bytesUp += chunk.length;
    touch();
    const { socket } = line;
    let flows: boolean;
    if (body.kind === 'chunked') {
      socket.cork();
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      flows = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else flows = socket.write(chunk);
    if (!flows) message.pause();
  }

  function bodyEnd(): void {
    if (body.kind === 'chunked') line?.socket.write(LAST_CHUNK, 'latin1');
    sentAll = true;
    touch();
  }

  function ended(broken: boolean): void {
    if (!broken && parser.finish()) return;
    const stale = line !== null && line.uses > 0 && !parser.begun;
    line?.socket.destroy();
    line = null;
    if (over) return;
    // A server may close an idle connection at the very moment we reuse it. Only then, and only where asking twice
    // is the same as asking once, is the call repeated.
    if (
      stale &&
      !retried &&
      (method === 'GET' || method === 'HEAD') &&
      body.kind === 'none' &&
      errand.tunnel === null
    ) {
      retried = true;
      begin(true).catch(broke);
    } else if (answer === null) fail(LOST);
    else cut('the other system broke off');
  }

  function fault(what: string): void {
    fail({ status: 502, code: 'malformed_response', message: `The answer cannot be passed on: ${what}` });
  }

  function head(seen: AnswerHead): void {
    answer = seen;
    if (seen.status === 401 && rider !== null) {
      breaker.refused();
      destination.forget();
    } else breaker.worked();
    const headers = cleaned(returnedHeaders(seen.rawHeaders), seen, rider);
    if (seen.status === 101 && errand.tunnel !== null && line !== null) {
      tunnelled = true;
      response.detachSocket(errand.tunnel.socket as never);
      errand.tunnel.socket.write(switchingHead(seen, headers), 'latin1');
      return;
    }
    if (rider !== null && seen.body !== 'none' && !isCoded(seen.rawHeaders))
      scrubber = createScrubber(rider.secrets);
    response.writeHead(seen.status, reasonText(seen.reason), headers);
    if (seen.body === 'chunked' || seen.body === 'close') response.flushHeaders();
  }

  function part(bytes: Buffer, last: boolean): void {
    if (over) return;
    bytesDown += bytes.length;
    const clean = scrubber === null ? bytes : scrubber.push(bytes);
    if (last && clean.length === bytes.length) response.end(clean);
    else if (clean.length > 0 && !response.write(clean) && line !== null) {
      const { socket } = line;
      socket.pause();
      response.once('drain', () => void socket.resume());
    }
  }

  function end(trailers: readonly string[], rest: Buffer | null): void {
    if (over || answer === null) return;
    if (tunnelled) {
      openTunnel(rest);
      return;
    }
    const held = scrubber?.rest();
    if (held !== undefined && held.length > 0) response.write(held);
    if (trailers.length > 0 && answer.body === 'chunked')
      response.addTrailers(pairs(returnedHeaders(trailers)));
    if (!response.writableEnded) response.end();
    const used = line;
    line = null;
    if (used !== null && answer.keepAlive && sentAll && rest === null) lines.keep(used);
    else if (used !== null) {
      used.user = null;
      used.socket.destroy();
    }
    done(null);
    if (!message.complete) swallow(message);
  }

  function openTunnel(rest: Buffer | null): void {
    if (errand.tunnel === null || line === null) return;
    const { socket, head: first } = errand.tunnel;
    if (rest !== null) socket.write(rest);
    if (first.length > 0) line.socket.write(first);
    bytesDown += rest?.length ?? 0;
    bytesUp += first.length;
    joinStreams(socket, line, {
      moved(up, down) {
        bytesUp += up;
        bytesDown += down;
        touch();
      },
      closed: () => {
        dropLine();
        done(null);
      },
    });
  }

  function broke(error: unknown): void {
    fail({
      status: 502,
      code: 'internal',
      message: error instanceof Error ? error.name : 'The call broke off',
    });
  }

  response.once('close', callerLeft);
  begin(false).catch(broke);
  return transport;
}

const TOO_SLOW: CallRefusal = {
  status: 504,
  code: 'first_byte_timeout',
  message: 'The other system did not answer in time',
};
const LOST: CallRefusal = {
  status: 502,
  code: 'connection_lost',
  message: 'The other system closed the connection without an answer',
};

/** Headers as they go back: one length or none, and no secret in them. */
function cleaned(
  headers: string[],
  { body, status, length, rawHeaders }: AnswerHead,
  rider: Rider | null,
): string[] {
  const kept: string[] = [];
  let announced = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (announced || body === 'close' || body === 'chunked' || status === 204 || status === 101) continue;
      announced = true;
    }
    kept.push(name, rider === null ? value : scrubText(value, rider.texts));
  }
  // A connection that named its own length as a hop-by-hop header changes nothing about the body.
  if (!announced && body === 'length' && rawHeaders.length > 0) kept.push('Content-Length', String(length));
  return kept;
}

function isCoded(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.toLowerCase() === 'content-encoding')
      return rawHeaders[at + 1]?.toLowerCase() !== 'identity';
  return false;
}

function switchingHead(seen: AnswerHead, headers: readonly string[]): string {
  let text = `HTTP/1.1 101 ${reasonText(seen.reason) || 'Switching Protocols'}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${text}\r\n`;
}

const FORBIDDEN_TRAILER =
  /^(content-.*|authorization|host|cache-control|expires|location|range|vary|age|date)$/i;

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2)
    if (!FORBIDDEN_TRAILER.test(raw[at] as string)) out.push([raw[at] as string, raw[at + 1] as string]);
  return out;
}

/** Reads what a caller still sends after its answer is out, for a while, so that it gets to see the answer. */
function swallow(message: IncomingMessage): void {
  message.resume();
  const timer = setTimeout(() => message.destroy(), SWALLOW_MS).unref();
  message.once('close', () => clearTimeout(timer));
}
