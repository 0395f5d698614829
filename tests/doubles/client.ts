import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** The little a visitor has to know of a double. */
export interface Host {
  readonly url: string;
  readonly port: number;
  readonly ca: string;
}

export interface Visit {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent percent-encoded, with its length. */
  readonly form?: Readonly<Record<string, string | number>>;
  readonly json?: unknown;
  readonly body?: string | Buffer;
}

export interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly text: string;
  readonly bytes: Buffer;
  /** Answers of foreign APIs are looked at, not modelled. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export const encodeForm = (fields: Readonly<Record<string, string | number>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');

/** One request on a connection of its own; the name in the certificate is checked against `ca`. */
export function visit(host: Host, path: string, options: Visit = {}): Promise<Seen> {
  const body =
    options.form !== undefined
      ? encodeForm(options.form)
      : options.json !== undefined
        ? JSON.stringify(options.json)
        : options.body;
  const type =
    options.form !== undefined
      ? { 'Content-Type': 'application/x-www-form-urlencoded' }
      : options.json !== undefined
        ? { 'Content-Type': 'application/json' }
        : {};
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const headers = { Connection: 'keep-alive', ...type, ...length, ...options.headers };
  const target = new URL(host.url);
  const common = { host: target.hostname, port: host.port, path, method, headers, agent: false as const };
  return new Promise((resolve, reject) => {
    const receive = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        request.destroy();
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          text,
          bytes,
          body: /^[[{]/.test(text) ? JSON.parse(text) : undefined,
        });
      });
    };
    const request =
      target.protocol === 'http:'
        ? httpRequest(common, receive)
        : httpsRequest({ ...common, ca: host.ca }, receive);
    request.on('error', reject);
    request.end(body);
  });
}

export function open(host: Host, plain = host.url.startsWith('http:')): Socket {
  const port = { host: '127.0.0.1', port: host.port };
  return plain ? connectPlain(port) : connectTls({ ...port, ca: host.ca });
}

/** Sends bytes as they are and gives everything that came back until the connection ended. */
export function exchange(host: Host, bytes: string, plain?: boolean): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(host, plain);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(seen));
    socket.write(bytes);
  });
}

/** The code with which a connection attempt fails, or `none`. */
export async function failureCode(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
