import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { broker, closeAll, closing, everyWay, later } from './support.ts';

/** A fast sender is slowed to the pace of a slow reader: what lies between the two are buffers, not the file. */
let server: Awaited<ReturnType<typeof broker>>;
let token: string;

beforeAll(async () => {
  server = await broker();
  token = (await server.token('write:sasquatch')).token;
});
afterAll(closeAll);

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const PART = Buffer.alloc(64 * 1024, 'x');

/** A system that takes connections over as they are, once the head of a request is there. */
async function system(taken: (socket: Socket, head: string) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    let head = '';
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      taken(socket, head);
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later({ close: () => void server.close() });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Writes as fast as it is taken off; tells how much that was. */
function pour(into: Socket, begun = 0, ended: () => void = () => {}): { written: number } {
  const poured = { written: begun };
  const more = (): void => {
    while (poured.written < SIZE) {
      const part = PART.subarray(0, SIZE - poured.written);
      poured.written += part.length;
      if (!into.write(part)) return;
    }
    into.off('drain', more);
    ended();
  };
  into.on('drain', more);
  more();
  return poured;
}

/** Waits until nothing more is taken off. */
async function stillness(written: () => number): Promise<void> {
  for (let last = -1; last !== written(); ) {
    last = written();
    await sleep(300);
  }
}

/** Reads on until so many bytes came, or none come any more. */
async function readAll(socket: Socket, wanted: number): Promise<number> {
  let seen = 0;
  socket.on('data', (chunk: Buffer) => (seen += chunk.length));
  socket.resume();
  while (seen < wanted && !socket.destroyed) await sleep(20);
  return seen;
}

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

test('a download', async () => {
  let poured = { written: 0 };
  const url = await system((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`);
    poured = pour(socket);
  });
  for (const way of await everyWay(server, url, token)) {
    const socket = net.connect(way.port, '127.0.0.1');
    socket.write(`${way.start('GET', '/x')}\r\n`);
    await once(socket, 'readable');
    await stillness(() => poured.written);
    expect([way.name, poured.written < SIZE / 2]).toEqual([way.name, true]);
    expect(await readAll(socket, SIZE)).toBeGreaterThan(SIZE);
    socket.destroy();
  }
});

test('an upload, with a length and in chunks', async () => {
  let taken: Socket | null = null;
  const url = await system((socket) => {
    socket.pause();
    taken = socket;
  });
  for (const way of await everyWay(server, url, token))
    for (const framing of [`Content-Length: ${SIZE}`, 'Transfer-Encoding: chunked']) {
      taken = null;
      const socket = net.connect(way.port, '127.0.0.1');
      socket.write(`${way.start('PUT', '/x')}${framing}\r\n\r\n`);
      if (framing.startsWith('T')) socket.write(`${SIZE.toString(16)}\r\n`);
      const poured = pour(socket, 0, () => framing.startsWith('T') && socket.write('\r\n0\r\n\r\n'));
      await stillness(() => poured.written);
      expect([way.name, framing, poured.written < SIZE / 2]).toEqual([way.name, framing, true]);
      const other = taken as Socket | null;
      if (other === null) throw new Error('nothing arrived');
      // What came with the head is not counted again.
      expect(await readAll(other, SIZE - 2 * PART.length)).toBeGreaterThan(SIZE - 3 * PART.length);
      other.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK/);
      socket.destroy();
    }
});

test('a WebSocket, in both directions', async () => {
  let other: Socket | null = null;
  const url = await system((socket) => {
    socket.pause();
    socket.write(SWITCH);
    other = socket;
  });
  for (const way of (await everyWay(server, url, token)).slice(1))
    for (const down of [true, false]) {
      other = null;
      const caller = net.connect(way.port, '127.0.0.1');
      caller.write(`${way.start('GET', '/x')}${UPGRADE}\r\n`);
      await once(caller, 'readable');
      const far = other as Socket | null;
      if (far === null) throw new Error('nothing arrived');
      const [from, to] = down ? [far, caller] : [caller, far];
      const poured = pour(from);
      await stillness(() => poured.written);
      expect([way.name, poured.written < SIZE / 2]).toEqual([way.name, true]);
      expect(await readAll(to, SIZE)).toBeGreaterThanOrEqual(SIZE);
      caller.destroy();
      await closing(far);
    }
});
