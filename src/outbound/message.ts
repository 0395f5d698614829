import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Secret } from '../base/secret.ts';

/** Milliseconds each part of a call may take. */
export interface Deadlines {
  readonly connectMs: number;
  readonly tlsMs: number;
  /** From the last byte sent to the first byte of the answer. */
  readonly firstByteMs: number;
  /** The whole call, connecting included. */
  readonly totalMs: number;
}

/** Proxmox delays refused logins by 3 s and gives its inner hops 30 s; both must fit. */
export const DEADLINES: Deadlines = { connectMs: 5000, tlsMs: 10_000, firstByteMs: 35_000, totalMs: 60_000 };

export interface Limits {
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
}

export const LIMITS: Limits = { maxHeaderBytes: 32 * 1024, maxBodyBytes: 8 * 1024 * 1024 };

export interface OutboundRequest {
  readonly method: string;
  /** Starts with `/`, is appended to the origin's base path byte for byte, may hold a query. */
  readonly path: string;
  /** A Secret is revealed at the moment of sending and taken out of every error text. */
  readonly headers?: Readonly<Record<string, string | Secret>>;
  readonly body?: string | Buffer;
  readonly deadlines?: Partial<Deadlines>;
  readonly maxBodyBytes?: number;
}

/** A body that is passed on as it comes; its length must be known, because Proxmox refuses chunked bodies. */
export interface StreamedRequest extends Omit<OutboundRequest, 'body'> {
  readonly body?: string | Buffer | { readonly stream: Readable; readonly lengthBytes: number };
}

export interface OutboundResponse {
  readonly status: number;
  /** The reason phrase of the status line: Proxmox says there, and only there, why it refused. */
  readonly reason: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** By lower-case name; repeated ones joined with a comma and a blank. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface StreamedResponse extends Omit<OutboundResponse, 'body'> {
  readonly body: Readable;
}

/** What stands before the body, in our own shape. */
export function readHead(message: IncomingMessage): Omit<OutboundResponse, 'body'> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? '').toLowerCase();
    const value = message.rawHeaders[index + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? '',
    rawHeaders: message.rawHeaders,
    headers,
  };
}
