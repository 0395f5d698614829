import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LoadRequest } from './load.ts';

const CONNECTIONS = 64;
const TICK_MS = 1;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Requests sent at fixed moments, whether or not earlier ones were answered. The time of each runs from the moment at
 * which it was due, so a server that stalls is charged for everything that had to wait (no coordinated omission).
 * Plain sockets, because an HTTP client would need more of the core than what it measures.
 *
 * @param rate requests a second
 * @param connections at most one request at a time on each
 * @returns milliseconds, one for each answer
 */
export async function paced(
  { url, headers, expect }: LoadRequest,
  rate: number,
  seconds: number,
  connections = CONNECTIONS,
): Promise<number[]> {
  const { hostname, port, pathname, search } = new URL(url);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${lines.join('')}\r\n`,
    'latin1',
  );
  const wanted = Math.round(rate * seconds);
  const times: number[] = [];
  const due: number[] = [];
  let failure: Error | null = null;

  function ask(socket: Socket, answered: () => void): void {
    let answer: Buffer | null = null;
    const take = (chunk: Buffer): void => {
      answer = answer === null ? chunk : Buffer.concat([answer, chunk]);
      const size = sizeOf(answer);
      if (size === null || answer.length < size) return;
      socket.removeListener('data', take);
      const status = Number(answer.toString('latin1', 9, 12));
      if (status < 400 !== (expect === 'success')) failure ??= new Error(`${url} answered ${status}`);
      answered();
    };
    socket.on('data', take);
    socket.write(bytes);
  }

  // To take a connection costs the server more than an answer does, so each has had one before the first that counts.
  const sockets = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port: Number(port), host: hostname, noDelay: true });
      await once(socket, 'connect');
      socket.on('error', (error) => {
        failure ??= error;
      });
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        ask(socket, resolve);
      });
      return socket;
    }),
  );
  const free = [...sockets];
  const start = performance.now();
  const elapsed = (): number => performance.now() - start;

  function hire(socket: Socket): void {
    const at = due.shift();
    if (at === undefined) {
      free.push(socket);
      return;
    }
    ask(socket, () => {
      times.push(elapsed() - at);
      hire(socket);
    });
  }

  let made = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = elapsed();
      for (; made < wanted && (made * 1000) / rate <= now; made++) {
        due.push((made * 1000) / rate);
        const socket = free.pop();
        if (socket !== undefined) hire(socket);
      }
      if (failure === null && times.length < wanted) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  for (const socket of sockets) socket.destroy();
  if (failure !== null) throw failure;
  return times;
}

/** Bytes of the whole answer, once its head is there. */
function sizeOf(answer: Buffer): number | null {
  const end = answer.indexOf(HEAD_END);
  if (end === -1) return null;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error('The answer has no Content-Length');
  return end + HEAD_END.length + Number(length);
}
