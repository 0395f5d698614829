import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import net, { type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { lightened } from '../base/light-socket.ts';
import type { ActiveRoute, RouteBook } from './book.ts';
import type { CallerRequest, CallerResponse } from './caller-side.ts';
import type { Relay } from './relay.ts';

/** Leads requests of the one HTTP server to their routes: by port, by host, by path. */
export interface Door {
  /**
   * Who carries a GET that is nothing but its head: null where the request must be taken as a whole, `nobody` where
   * no route is asked for.
   */
  at(url: string, host: string, socket: object): PlainCall | 'nobody' | null;
  /** Takes a request if it belongs to a route. */
  take(message: IncomingMessage, response: ServerResponse): boolean;
  /** Hears what the server says beside plain requests. */
  attach(server: Server): void;
  /** Opens and closes ports of routes as the book has them. */
  sync(): void;
  close(): void;
}

export type PlainCall = (message: CallerRequest, response: CallerResponse) => void;

interface Dependencies {
  readonly book: RouteBook;
  readonly relay: Relay;
  /** Where ports of routes listen. */
  readonly host: string;
  /** Wraps a fresh connection in TLS, where certificates are at hand; gives it to `ready` when it is. */
  readonly secure: ((socket: Socket, ready: (secured: Duplex) => void) => void) | null;
  readonly portFailed: (port: number, error: Error) => void;
}

/** How addresses of routes begin on the server's own ports. */
export const ROUTE_PREFIX = '/connect/';
/** Where the osmo command line trades its token for a JWT, before each of its calls that needs a fresh one. */
const OSMO_LOGIN = '/api/auth/jwt/access_token';

interface Selected {
  readonly route: ActiveRoute;
  readonly path: string;
}

export function createDoor({ book, relay, host, secure, portFailed }: Dependencies): Door {
  const ports = new Map<number, { readonly server: NetServer; readonly sockets: Set<Socket> }>();
  const portOf = new WeakMap<object, number>();
  let http: Server | null = null;

  function select(url: string, hostHeader: string, socket: object): Selected | null {
    const port = portOf.get(socket);
    if (port !== undefined) {
      const route = book.byPort(port);
      return route === undefined ? null : { route, path: url };
    }
    if (book.hasHosts) {
      const route = book.byHost(hostName(hostHeader));
      if (route !== undefined) return { route, path: url };
    }
    if (!url.startsWith(ROUTE_PREFIX)) return null;
    const from = ROUTE_PREFIX.length;
    let end = from;
    while (end < url.length && url[end] !== '/' && url[end] !== '?') end++;
    const name = url.slice(from, end);
    const route = book.byName(name);
    if (route === undefined) return null;
    const rest = url.slice(end);
    return { route, path: rest.startsWith('/') ? rest : `/${rest}` };
  }

  const selectFor = ({ url = '', headers, socket }: IncomingMessage): Selected | null =>
    select(url, headers.host ?? '', socket);

  function take(message: IncomingMessage, response: ServerResponse): boolean {
    const selected = selectFor(message);
    if (selected === null) {
      if (portOf.has(message.socket)) {
        // The route of this port is gone; nothing else is reached here.
        message.socket.destroy();
        return true;
      }
      return false;
    }
    if (isOsmoLogin(message, selected)) {
      // The token in the body is ours, so the login is answered here; the calls that follow carry our JWT.
      message.url = OSMO_LOGIN;
      return false;
    }
    const { route, path } = selected;
    relay({ message, stream: message, response, route, path, tunnel: null, continueFirst: false });
    return true;
  }

  function expectContinue(server: Server, message: IncomingMessage, response: ServerResponse): void {
    const selected = selectFor(message);
    if (selected !== null) {
      relay({ message, stream: message, response, ...selected, tunnel: null, continueFirst: true });
      return;
    }
    response.writeContinue();
    server.emit('request', message, response);
  }

  function upgrade(server: Server, message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const selected = isWebSocket(message) ? selectFor(message) : null;
    if (selected === null) {
      declineUpgrade(server, message, socket, head);
      return;
    }
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    const tunnel = { socket, head, detach: () => response.detachSocket(socket as Socket) };
    relay({ message, stream: message, response, ...selected, tunnel, continueFirst: false });
  }

  function open(port: number): void {
    const sockets = new Set<Socket>();
    const server = net.createServer({ noDelay: true }, (accepted) => {
      const socket = secure === null ? lightened(accepted).socket : accepted;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      const ready = (stream: Duplex): void => {
        portOf.set(stream, port);
        http?.emit('connection', stream);
      };
      if (secure === null) ready(socket);
      else secure(socket, ready);
    });
    server.on('error', (error) => {
      ports.delete(port);
      portFailed(port, error);
    });
    server.listen(port, host);
    ports.set(port, { server, sockets });
  }

  function shut(port: number): void {
    const opened = ports.get(port);
    ports.delete(port);
    opened?.server.close();
    for (const socket of opened?.sockets ?? []) socket.destroy();
  }

  return {
    at(url, host, socket) {
      const selected = select(url, host, socket);
      if (selected === null) return portOf.has(socket) ? null : 'nobody';
      const { route, path } = selected;
      return (message, response) =>
        relay({ message, stream: null, response, route, path, tunnel: null, continueFirst: false });
    },
    take,
    attach(server) {
      http = server;
      server.on('checkContinue', (message, response) => expectContinue(server, message, response));
      server.on('upgrade', (message, socket, head) => upgrade(server, message, socket, head));
    },
    sync() {
      const wanted = new Set(book.ports());
      for (const port of [...ports.keys()]) if (!wanted.has(port)) shut(port);
      for (const port of wanted) if (!ports.has(port)) open(port);
    },
    close() {
      for (const port of [...ports.keys()]) shut(port);
    },
  };
}

/** The host of a Host header, lower case and without its port. */
function hostName(header: string): string {
  const colon = header.lastIndexOf(':');
  const name = colon === -1 || header.endsWith(']') ? header : header.slice(0, colon);
  return name.toLowerCase().replace(/\.$/, '');
}

const isOsmoLogin = ({ method }: IncomingMessage, { route, path }: Selected): boolean =>
  route.record.kind === 'osmo' && method === 'POST' && path === OSMO_LOGIN;

const isWebSocket = ({ headers, method }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

/**
 * Clients may offer a change of protocol that nobody here wants (`h2c`); the request counts all the same. It is
 * given back to the server as it came, without the offer.
 */
function declineUpgrade(server: Server, message: IncomingMessage, socket: Duplex, head: Buffer): void {
  let text = `${message.method} ${message.url} HTTP/${message.httpVersion}\r\n`;
  const { rawHeaders } = message;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (/^(upgrade|connection|http2-settings)$/i.test(name)) continue;
    text += `${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
