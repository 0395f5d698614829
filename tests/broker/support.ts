import net, { type AddressInfo, type Socket } from 'node:net';
import { bench, foreman, later, pinned, proxmox } from '../connections/support.ts';
import { freePort } from '../support/free-port.ts';
import type { Answer, TestServerOptions } from '../support/server.ts';

export { closeAll, foreman, later, pinned, proxmox } from '../connections/support.ts';

/** A server with a way to make routes and tokens quickly. */
export async function broker(options: TestServerOptions = {}) {
  const server = await bench(options);
  const must = (answer: Answer): Answer => {
    if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text}`);
    return answer;
  };
  return {
    ...server,
    /** A route to a plain system, judged by rules alone unless told otherwise. */
    route: async (name: string, to: string, more: object = {}) =>
      must(await server.api('POST', '/routes', { name, to, ...more })).json,
    connection: async (name: string, body: object) =>
      must(await server.api('POST', '/connections', { name, ...body })).json,
    routeTo: async (name: string, connection: string, more: object = {}) =>
      must(await server.api('POST', '/routes', { name, connection, ...more })).json,
    /** A token of the administrator pinned to these scopes. */
    async token(...scopes: string[]): Promise<{ token: string; id: string }> {
      const name = `t${Math.random().toString(36).slice(2)}`;
      const made = must(await server.api('POST', '/tokens', { name, scopes })).json;
      return { token: made.token, id: made.details.id };
    },
    async rows(route: string) {
      const until = Date.now() + 5000;
      for (;;) {
        const rows = must(await server.api('GET', `/audit?route=${route}`)).json.items;
        if (rows.length > 0 || Date.now() > until) return rows;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

type Broker = Awaited<ReturnType<typeof broker>>;

/** A double of Proxmox VE as the connection `pve-lab`. */
export async function connectProxmox(server: Broker, credential: 'adminToken' | 'rootToken' = 'adminToken') {
  const pve = await proxmox();
  await server.connection('pve-lab', {
    kind: 'proxmox',
    url: pve.url,
    trust: pinned(pve),
    credential: { secret: pve.credentials[credential].full },
    test: false,
  });
  return pve;
}

/** A double of Foreman as the connection `fm`. */
export async function connectForeman(server: Broker, credential: 'adminToken' | 'inventoryToken') {
  const fm = await foreman();
  const { login, token } = fm.credentials[credential];
  await server.connection('fm', {
    kind: 'foreman',
    url: fm.url,
    trust: pinned(fm),
    credential: { user: login, secret: token },
    test: false,
  });
  return fm;
}

/** Any system that takes a secret as a bearer. */
export const connectHttp = (server: Broker, name: string, url: string, secret: string) =>
  server.connection(name, {
    kind: 'http',
    url,
    trust: { mode: 'system' },
    credential: { method: 'bearer', secret },
    test: false,
  });

export interface Upstream {
  readonly url: string;
  readonly port: number;
  /** Everything that arrived, one text a connection, Latin-1. */
  readonly received: string[];
  readonly sockets: Socket[];
  close(): void;
}

/** A system that answers each whole request head with bytes chosen by the test, on a bare socket. */
export async function upstream(
  answer: string | Buffer | ((request: string, socket: Socket) => string | Buffer | null) = plainAnswer('ok'),
): Promise<Upstream> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    const at = received.push('') - 1;
    let unread = '';
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[at] += chunk.toString('latin1');
      unread += chunk.toString('latin1');
      for (let end = wholeRequest(unread); end !== -1; end = wholeRequest(unread)) {
        const request = unread.slice(0, end);
        unread = unread.slice(end);
        const bytes = typeof answer === 'function' ? answer(request, socket) : answer;
        if (bytes !== null) socket.write(bytes);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return later({
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    sockets,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}

/** Where the first request in a text ends, bodies included; -1 while it is not whole. */
function wholeRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return -1;
  const fields = text.slice(0, head);
  if (/\r\ntransfer-encoding: chunked/i.test(fields)) {
    const end = text.indexOf('0\r\n\r\n', head);
    return end === -1 ? -1 : end + 5;
  }
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(fields)?.[1] ?? 0);
  return text.length >= head + 4 + length ? head + 4 + length : -1;
}

export const plainAnswer = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Sends bytes to a port and gives back everything that comes until the connection ends or falls silent. */
export function raw(port: number, bytes: string | Buffer, quietMs = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(finish, 5000);
    socket.on('error', (error) => (text === '' ? reject(error) : finish()));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(finish, quietMs);
    });
    socket.on('close', finish);
    socket.write(bytes);
  });
}

/** Done when the connection is gone, whichever way it went. */
export const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

export const portOf = (url: string): number => Number(new URL(url).port);

/** One way to a route, and how requests begin that take it. */
export interface Way {
  readonly name: string;
  readonly port: number;
  /** Head of a request up to and with its credential, to be gone on with; `path` as the other system is to see it. */
  start(method: string, path: string): string;
}

/** Rules that let every token with `write:sasquatch` through. */
export const ALL = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };

/**
 * The ways to a new route: below a path, where plain GETs are read in front of node:http, the same with a header that
 * leaves them to node:http, at a port and at a host of its own.
 */
export async function everyWay(server: Broker, to: string, token: string, more: object = {}): Promise<Way[]> {
  const own = await freePort();
  const name = `every${own}`;
  const host = `${name}.example`;
  await server.route(name, to, { ...ALL, ...more, host, port: own });
  await listening(own);
  const way = (title: string, port: number, prefix: string, at: string, also = ''): Way => ({
    name: title,
    port,
    start: (method, path) =>
      `${method} ${prefix}${path} HTTP/1.1\r\nHost: ${at}\r\nAuthorization: Bearer ${token}\r\n${also}`,
  });
  const main = portOf(server.url);
  return [
    way('below a path', main, `/connect/${name}`, 'x'),
    way('below a path, by node:http', main, `/connect/${name}`, 'x', 'Proxy-Connection: keep-alive\r\n'),
    way('at its port', own, '', 'x'),
    way('at its host', main, '', host),
  ];
}

async function listening(port: number): Promise<void> {
  for (let open = false; !open; )
    open = await new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => setTimeout(resolve, 20, false));
      socket.once('connect', () => socket.destroy());
    });
}
