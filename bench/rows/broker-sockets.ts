import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Brokered, brokered } from '../lib/brokered.ts';
import { LOAD_CORE } from '../lib/machine.ts';
import { mib } from '../lib/numbers.ts';
import { freePort, ROOT, startNode } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';

const LIMIT = 100 * 2 ** 20;
/** Until timers of the opening have fired and its garbage is collectable. */
const SETTLE_MS = 3000;

/** What a process holds for WebSockets that are open and silent. */
export const brokerSockets: Measurement = async (scale) => {
  const port = await freePort();
  const settings = JSON.stringify({ port });
  const sink = await startNode([resolve(ROOT, 'bench/servers/sink.mjs'), settings], port, {}, LOAD_CORE);
  const tessera = await brokered(sink.url, { observed: true, maxConcurrent: 10_000 });
  const warm = await Promise.all(Array.from({ length: 50 }, () => openSocket(tessera)));
  for (const socket of warm) socket.destroy();
  await sleep(SETTLE_MS);
  const before = await used(tessera);
  const sockets: Socket[] = [];
  while (sockets.length < scale.webSockets)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openSocket(tessera)))));
  await sleep(SETTLE_MS);
  const after = await used(tessera);
  // All of them still pass what is said.
  await Promise.all(sockets.map(echoes));
  for (const socket of sockets) socket.destroy();
  await Promise.all([tessera.server.stop(), sink.stop()]);

  const limit = LIMIT * (scale.webSockets / 2000);
  return [
    {
      what: `memory for ${scale.webSockets.toLocaleString('en')} idle WebSockets through a route, above idle`,
      target: `<= ${mib(limit)}`,
      measured: mib(after.rss - before.rss),
      met: after.rss - before.rss <= limit,
      notes: `resident memory, from ${mib(before.rss)}; live after garbage collection ${mib(after.live - before.live)}; afterwards each passed a frame there and back`,
    },
  ];
};

function openSocket({ server, token, prefix }: Brokered): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      const text = chunk.toString('latin1');
      if (text.startsWith('HTTP/1.1 101 ')) resolve(socket);
      else reject(new Error(`An upgrade was answered with ${text.slice(0, 100)}`));
    });
    socket.write(
      `GET ${prefix}/console HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  });
}

function echoes(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk) =>
      chunk.toString() === 'ping' ? resolve() : reject(new Error('A WebSocket does not pass its frames')),
    );
    socket.once('close', () => reject(new Error('A WebSocket was closed')));
    socket.write('ping');
  });
}

async function used({ server }: Brokered): Promise<{ rss: number; live: number }> {
  const { memory } = await server.ask('memory');
  const { rss, heapUsed, external } = memory as NodeJS.MemoryUsage;
  return { rss, live: heapUsed + external };
}
