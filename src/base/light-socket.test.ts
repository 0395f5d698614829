import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LightSocket, lightened } from './light-socket.ts';

let server: Server;
beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => server.close());

async function connected(): Promise<{ near: Socket; light: LightSocket; accepted: Socket }> {
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const light = lightened(accepted);
  if (light.socket === accepted) throw new Error('This version of Node is not known to it');
  return { near, light, accepted };
}

const connections = (): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

test('the taker gets the bytes, and what it answers goes out', async () => {
  const { near, light } = await connected();
  light.taker = (bytes) => light.socket.write(Buffer.from(bytes).reverse());
  near.write('abc');
  const [answer] = await once(near, 'data');
  expect(String(answer)).toBe('cba');
  near.destroy();
});

test('a stream follows the taker: every byte in order, and nothing is read while nobody takes any', async () => {
  const { near, light } = await connected();
  let first = '';
  await new Promise<void>((resolve) => {
    light.taker = (bytes) => {
      first += bytes.toString('latin1');
      light.taker = null;
      light.socket.pause();
      resolve();
    };
    near.write('head');
  });
  const body = Buffer.alloc(20 * 1024 * 1024, Buffer.from(Array.from({ length: 251 }, (_, at) => at)));
  near.end(body);
  await sleep(100);
  // What neither side's system holds is still with the sender.
  expect(near.writableLength).toBeGreaterThan(0);
  expect(light.socket.readableLength).toBe(0);
  const pieces: Buffer[] = [];
  for await (const piece of light.socket) {
    pieces.push(piece);
    if (pieces.length % 50 === 0) await sleep(1);
  }
  expect(first).toBe('head');
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
});

test('who has ended still gets an answer', async () => {
  const { near, light } = await connected();
  light.taker = () => {};
  near.end('last words');
  await once(light.socket, 'end');
  const closed = once(light.socket, 'close');
  light.socket.end('answer');
  const [answer] = await once(near, 'data');
  expect(String(answer)).toBe('answer');
  await closed;
});

test('the server counts the connection once, and closes when it is gone', async () => {
  const { near, light, accepted } = await connected();
  expect(await connections()).toBe(1);
  accepted.destroy();
  light.taker = (bytes) => light.socket.write(bytes);
  light.socket.on('end', () => light.socket.end());
  near.write('still here');
  await once(near, 'data');
  expect(await connections()).toBe(1);
  const closed = once(server, 'close');
  server.close();
  near.destroy();
  await closed;
  expect(light.socket.destroyed).toBe(true);
});

test('what was taken over stays what it is', async () => {
  const { near, light } = await connected();
  expect(lightened(light.socket)).toBe(light);
  near.destroy();
});

test('only what Node accepted by itself is taken over', () => {
  const pair = new Duplex() as Socket;
  expect(lightened(pair).socket).toBe(pair);
});
