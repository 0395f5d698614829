import http from 'node:http';
import type { Duplex } from 'node:stream';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { failure, httpFailure, type OutboundFailure } from './failure.ts';
import type { Deadlines, Limits, StreamedRequest } from './message.ts';
import { type Origin, originAuthority } from './origin.ts';

export interface Sent {
  readonly message: http.IncomingMessage;
  readonly upgraded?: { readonly socket: Duplex; readonly head: Buffer };
}

/** Sends one request and waits for the head of the answer. */
export function exchange(
  origin: Origin,
  asked: StreamedRequest,
  within: Deadlines,
  limits: Limits,
  agent: http.Agent,
): Promise<Result<Sent, OutboundFailure>> {
  return new Promise((resolve) => {
    let request: http.ClientRequest;
    const timers: NodeJS.Timeout[] = [];
    let settled = false;
    const settle = (result: Result<Sent, OutboundFailure>): void => {
      settled = true;
      for (const timer of timers) clearTimeout(timer);
      resolve(result);
    };
    const expire = (code: 'first_byte_timeout' | 'total_timeout', ms: number): void => {
      const what = code === 'total_timeout' ? 'The call took too long' : 'No answer came in time';
      settle(err(failure('http', code, what, { timeoutMs: String(ms) })));
      request.destroy();
    };
    try {
      request = http.request({
        agent,
        host: origin.host,
        port: origin.port,
        method: asked.method,
        path: `${origin.basePath}${asked.path}`,
        headers: outgoingHeaders(origin, asked),
        setHost: false,
        maxHeaderSize: limits.maxHeaderBytes,
      });
    } catch (error) {
      settle(err(httpFailure(error)));
      return;
    }
    timers.push(setTimeout(() => expire('total_timeout', within.totalMs), within.totalMs));
    request.once('finish', () => {
      // A quick answer may be here before the request is said to be sent.
      if (settled) return;
      timers.push(setTimeout(() => expire('first_byte_timeout', within.firstByteMs), within.firstByteMs));
    });
    request.once('response', (message) => settle(ok({ message })));
    request.once('upgrade', (message, socket, head) => settle(ok({ message, upgraded: { socket, head } })));
    request.on('error', (error) => {
      const carried = carriedBy(error);
      const seen = carried ?? httpFailure(error);
      settle(
        err(
          request.reusedSocket && carried === undefined
            ? { ...seen, evidence: { ...seen.evidence, reused: 'yes' } }
            : seen,
        ),
      );
    });
    if (typeof asked.body === 'object' && 'stream' in asked.body) {
      const { stream } = asked.body;
      stream.once('error', (error) => request.destroy(error));
      stream.pipe(request);
    } else request.end(asked.body);
  });
}

function outgoingHeaders(origin: Origin, asked: StreamedRequest): Record<string, string> {
  const headers: Record<string, string> = { Host: originAuthority(origin) };
  for (const [name, value] of Object.entries(asked.headers ?? {})) {
    headers[name] = value instanceof Secret ? value.reveal() : value;
  }
  const { body } = asked;
  const length =
    body === undefined
      ? ['POST', 'PUT', 'PATCH'].includes(asked.method)
        ? 0
        : undefined
      : typeof body === 'object' && 'stream' in body
        ? body.lengthBytes
        : Buffer.byteLength(body);
  if (length !== undefined) headers['Content-Length'] = String(length);
  return headers;
}

/** Gathers a body within a size and a time; the message is destroyed when either is exceeded. */
export function readBody(
  message: http.IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
): Promise<Result<Buffer, OutboundFailure>> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (result: Result<Buffer, OutboundFailure>): void => {
      clearTimeout(timer);
      resolve(result);
      if (!result.ok) message.destroy();
    };
    const timer = setTimeout(
      () => settle(err(failure('http', 'total_timeout', 'The answer was not complete in time'))),
      Math.max(0, timeoutMs),
    );
    message.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) {
        const limit = { limitBytes: String(maxBytes) };
        settle(err(failure('http', 'body_too_large', 'The answer is too large', limit)));
      } else parts.push(part);
    });
    message.once('end', () => settle(ok(Buffer.concat(parts))));
    message.once('error', (error) => settle(err(httpFailure(error))));
    message.once('close', () =>
      settle(err(failure('http', 'connection_lost', 'The answer ended before it was complete'))),
    );
  });
}

/** The agent of Node reports a failed dial as an Error; ours travels inside it. */
export const carry = (inner: OutboundFailure): Error =>
  Object.assign(new Error(inner.message), { failure: inner });

const carriedBy = (error: Error): OutboundFailure | undefined =>
  (error as Error & { failure?: OutboundFailure }).failure;
