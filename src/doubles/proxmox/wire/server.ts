import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Cuts, loseAnswer } from '../../cuts.ts';
import { type LoggedRequest, logged } from '../../request-log.ts';
import type { Call } from '../calls/call.ts';
import { consoleTicketCounts } from '../identity/tickets.ts';
import { need } from '../rights/rules.ts';
import { type Cluster, pause } from '../state.ts';
import { type Outgoing, writeAnswer } from './answer.ts';
import { openEcho } from './console-socket.ts';
import { frontAnswer, identifyForConsole } from './front.ts';

const SERVER_NAME = 'pve-api-daemon/3.0';
const REFUSAL_DELAY_MS = 3000;
const HEADER_TIMEOUT_MS = 5000;
const MAX_HEADER_LINES = 63;
const REQUESTS_PER_CONNECTION = 100;

export interface ServerParts {
  readonly cluster: Cluster;
  readonly table: readonly Call[];
  readonly cuts: Cuts;
  readonly log: (entry: LoggedRequest) => void;
  /** Multiplies the artificial delays; 1 is the real server's pace. */
  readonly delayScale: number;
  /** Called for every login that was refused. */
  readonly onRefusedLogin: () => void;
}

export interface ServerHandlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  plain(request: IncomingMessage, response: ServerResponse): void;
  malformed(error: NodeJS.ErrnoException, socket: Duplex): void;
}

/** The behaviour of the public front on its connections: limits, delays, redirects, upgrades. */
export function serverHandlers(parts: ServerParts): ServerHandlers {
  const { cluster, cuts } = parts;
  const served = new WeakMap<object, number>();

  function serverName(): string {
    if (cluster.faults.has('PROXY_BAD')) return 'nginx/1.24.0';
    return cluster.faults.has('PRODUCT_WRONG') ? 'proxmox-backup-proxy' : SERVER_NAME;
  }

  /** No answer at all: the connection goes away after a while. */
  function silence(socket: Duplex): void {
    void pause(cluster, HEADER_TIMEOUT_MS * parts.delayScale).then(() => socket.destroy());
  }

  function send(request: IncomingMessage, response: ServerResponse, outgoing: Outgoing): void {
    const count = (served.get(request.socket) ?? 0) + 1;
    served.set(request.socket, count);
    // what is left of a refused body is read away, so that the refusal reaches its reader
    request.resume();
    writeAnswer(response, outgoing, {
      edition: cluster.edition,
      date: new Date(cluster.clock()),
      acceptEncoding: String(request.headers['accept-encoding'] ?? ''),
      keepAlive: count < REQUESTS_PER_CONNECTION && request.headers.connection?.toLowerCase() !== 'close',
      serverName: serverName(),
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = logged(request);
    parts.log(entry);
    if (entry.rawHeaders.length > MAX_HEADER_LINES) return silence(request.socket);
    const cut = cuts.judge(entry.method, entry.url);
    if (cut?.when === 'before') return loseAnswer(request.socket, cut);
    const outgoing = await frontAnswer(cluster, parts.table, request, entry);
    entry.status = outgoing.status;
    entry.reason = outgoing.reason;
    if (outgoing.status === 401) {
      if (outgoing.reason !== 'No ticket') parts.onRefusedLogin();
      await pause(cluster, REFUSAL_DELAY_MS * parts.delayScale);
    }
    if (cut?.when === 'after') return loseAnswer(request.socket, cut);
    if (!request.socket.destroyed) send(request, response, outgoing);
  }

  return {
    request: (request, response) => {
      answer(request, response).catch((error: unknown) => {
        // a body cut off half way ends here; anything else is a bug of the double and is shown
        if (!request.destroyed || request.complete) process.stderr.write(`${String(error)}\n`);
        request.socket.destroy();
      });
    },
    upgrade: (request, socket, head) => {
      const entry = logged(request);
      parts.log(entry);
      const asked = identifyForConsole(cluster, entry);
      const allowed = asked.ok ? need(cluster, asked.value.caller, asked.value.path, 'VM.Console') : asked;
      const refuse = (status: number, reason: string): void => {
        entry.status = status;
        socket.end(`HTTP/1.1 ${status} ${reason}\r\nServer: ${SERVER_NAME}\r\nConnection: close\r\n\r\n`);
      };
      if (!allowed.ok || !asked.ok) {
        const { status, message } = allowed.ok ? { status: 500, message: 'refused' } : allowed.error;
        return refuse(status, message.split('\n')[0] ?? '');
      }
      const { caller, path, port, ticket } = asked.value;
      if (!consoleTicketCounts(cluster, caller.id, path, port, ticket))
        return refuse(401, 'Authentication failed!');
      entry.status = 101;
      const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
      openEcho(socket, String(request.headers['sec-websocket-key'] ?? ''), protocol, head);
    },
    plain: (request, response) => {
      const host = request.headers.host ?? 'localhost';
      const status = request.method === 'GET' ? 301 : 308;
      const reason = status === 301 ? 'Moved Permanently' : 'Permanent Redirect';
      request.resume();
      writeAnswer(
        response,
        { status, reason, headers: [['Location', `https://${host}${request.url ?? '/'}`]] },
        {
          edition: cluster.edition,
          date: new Date(cluster.clock()),
          acceptEncoding: '',
          keepAlive: false,
          serverName: serverName(),
        },
      );
    },
    malformed: (error, socket) => {
      if (error.code === 'HPE_HEADER_OVERFLOW') return silence(socket);
      if (socket.writable && error.code !== 'ECONNRESET')
        socket.end('HTTP/1.1 400 bad request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    },
  };
}
