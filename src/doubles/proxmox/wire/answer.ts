import type { ServerResponse } from 'node:http';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Reply } from '../calls/call.ts';
import type { Edition } from '../editions.ts';
import type { Refusal } from '../refusal.ts';

const JSON_TYPE = 'application/json;charset=UTF-8';
const COMPRESS_ABOVE_BYTES = 1024;

/** An answer ready for the wire. */
export interface Outgoing {
  readonly status: number;
  readonly reason: string;
  readonly body?: string | Buffer;
  readonly contentType?: string;
  readonly viaDaemon?: boolean;
  readonly headers?: readonly (readonly [string, string])[];
}

export type ApiFormat = 'json' | 'extjs';

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Bytes that may not stand in a status line are dropped, as node would refuse them. */
const phrase = (text: string): string => firstLine(text).replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

export function successAnswer(format: ApiFormat, reply: Reply, viaDaemon: boolean): Outgoing {
  const total = reply.total === undefined ? {} : { total: reply.total };
  const body =
    format === 'extjs' ? { data: reply.data, success: 1, ...total } : { data: reply.data, ...total };
  return { status: 200, reason: 'OK', body: JSON.stringify(body), contentType: JSON_TYPE, viaDaemon };
}

export function refusalAnswer(
  edition: Edition,
  format: ApiFormat,
  refusal: Refusal,
  viaDaemon: boolean,
): Outgoing {
  const { status, message, errors } = refusal;
  const head = { status, reason: phrase(message), viaDaemon };
  if (refusal.bare) return { status, reason: phrase(message) };
  if (refusal.plainText)
    return edition.messageInErrors ? { ...head, body: message, contentType: 'text/plain' } : head;
  const withLineEnd = message.endsWith('\n') ? message : `${message}\n`;
  const faults = errors === undefined ? {} : { errors };
  if (format === 'extjs') {
    const body = { data: null, success: 0, status, message: withLineEnd, ...faults };
    return { status: 200, reason: 'OK', body: JSON.stringify(body), contentType: JSON_TYPE, viaDaemon };
  }
  const body = {
    data: null,
    ...(edition.messageInErrors ? { message: withLineEnd } : {}),
    ...faults,
  };
  return { ...head, body: JSON.stringify(body), contentType: JSON_TYPE };
}

export interface Circumstances {
  readonly edition: Edition;
  /** The server's idea of now. */
  readonly date: Date;
  readonly acceptEncoding: string;
  /** The connection may serve another request. */
  readonly keepAlive: boolean;
  readonly serverName: string;
}

function compressed(body: Buffer, at: Circumstances): [Buffer, string | undefined] {
  if (body.length <= COMPRESS_ABOVE_BYTES) return [body, undefined];
  if (/\bgzip\b/.test(at.acceptEncoding)) return [gzipSync(body), 'gzip'];
  if (at.edition.deflate && /\bdeflate\b/.test(at.acceptEncoding)) return [deflateSync(body), 'deflate'];
  return [body, undefined];
}

/** Writes status line, headers and body; statuses from 400 close the connection. */
export function writeAnswer(response: ServerResponse, outgoing: Outgoing, at: Circumstances): void {
  const [body, encoding] = compressed(Buffer.from(outgoing.body ?? ''), at);
  const date = at.date.toUTCString();
  const close = outgoing.status >= 400 || !at.keepAlive;
  const headers: (readonly [string, string])[] = [
    ['Cache-Control', 'max-age=0'],
    // the daemon's own "close" is passed on beside the front's "Keep-Alive"
    ...(outgoing.viaDaemon ? [['Connection', 'close'] as const] : []),
    ['Connection', close ? 'close' : 'Keep-Alive'],
    ['Date', date],
    ['Pragma', 'no-cache'],
    ['Server', at.serverName],
    ...(encoding === undefined ? [] : [['Content-Encoding', encoding] as const]),
    ...(body.length > 0 ? [['Content-Length', String(body.length)] as const] : []),
    ...(outgoing.contentType === undefined ? [] : [['Content-Type', outgoing.contentType] as const]),
    ['Expires', date],
    ...(outgoing.headers ?? []),
  ];
  if (body.length === 0) {
    // an empty answer has no length either: its end is the end of the connection
    response.removeHeader('Transfer-Encoding');
    response.removeHeader('Content-Length');
  }
  response.sendDate = false;
  const flat = headers.flat();
  response.writeHead(outgoing.status, outgoing.reason, flat);
  response.end(body);
}
