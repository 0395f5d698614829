import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';

/** What happens to a connection before a byte of HTTP is read. */
export type Gate = 'open' | 'reset' | 'ssh' | 'plain';

export interface DoorwayOptions {
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** Absent: plain HTTP is spoken. */
  readonly tls?: SecureContextOptions;
  /** Bytes of request line and headers together. */
  readonly headerBytes: number;
  readonly idleMs: number;
  gate(): Gate;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Plain HTTP spoken to a TLS port. */
  plain(request: IncomingMessage, response: ServerResponse): void;
  /** More header bytes than allowed, or bytes that are no HTTP. */
  malformed(error: NodeJS.ErrnoException, socket: Duplex): void;
}

export interface Doorway {
  readonly port: number;
  wearTls(options: SecureContextOptions): void;
  /** Stops listening: newcomers are refused by the kernel, present connections are cut. */
  shut(): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const TLS_HANDSHAKE = 0x16;
const SSH_BANNER = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n';

/**
 * Listens on one loopback port and hands each connection on by its first byte, as Proxmox does: TLS to the API,
 * anything else to the part that answers plain HTTP. Faults of the connection itself live here as well.
 */
export async function openDoorway(options: DoorwayOptions): Promise<Doorway> {
  const limits = {
    maxHeaderSize: options.headerBytes,
    keepAliveTimeout: options.idleMs,
    requireHostHeader: false,
  };
  const api =
    options.tls === undefined
      ? createHttpServer(limits, options.request)
      : createHttpsServer({ ...limits, ...options.tls }, options.request);
  const bare = createHttpServer(limits, (request, response) => {
    if (options.gate() === 'plain') answerAsWebServer(response);
    else options.plain(request, response);
  });
  for (const server of [api, bare]) {
    // node would cut the list silently; the owner of the doorway counts the lines itself
    server.maxHeadersCount = 0;
    server.requestTimeout = 0;
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => options.malformed(error, socket));
  }
  api.on('upgrade', options.upgrade);
  api.on('tlsClientError', (_error, socket) => socket.destroy());

  const sockets = new Set<Socket>();
  const front = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const gate = options.gate();
    if (gate === 'reset') return socket.resetAndDestroy();
    if (gate === 'ssh') return void socket.write(SSH_BANNER);
    if (options.tls === undefined) return void api.emit('connection', socket);
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      const server = first[0] === TLS_HANDSHAKE && options.gate() !== 'plain' ? api : bare;
      server.emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });

  let port = options.port;
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      front.once('error', reject);
      front.listen(port, '127.0.0.1', () => {
        front.off('error', reject);
        port = (front.address() as AddressInfo).port;
        resolve();
      });
    });
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      if (!front.listening) return resolve();
      front.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen();

  return {
    get port() {
      return port;
    },
    wearTls: (tls) => {
      if ('setSecureContext' in api) api.setSecureContext(tls);
    },
    shut,
    reopen: async () => {
      if (!front.listening) await listen();
    },
    close: async () => {
      await shut();
      api.close();
      bare.close();
    },
  };
}

function answerAsWebServer(response: ServerResponse): void {
  const page = '<html><body><h1>It works!</h1></body></html>\n';
  response.writeHead(200, { Server: 'nginx/1.24.0', 'Content-Type': 'text/html', Connection: 'close' });
  response.end(page);
}
