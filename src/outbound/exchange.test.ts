import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import { createOutbound, type OutboundClient } from './client.ts';
import { parseOrigin } from './origin.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function client(port: number, scheme = 'http'): OutboundClient {
  const origin = parseOrigin(`${scheme}://localhost:${port}`);
  if (!origin.ok) throw new Error(origin.error.message);
  const made = createOutbound({ origin: origin.value, trust: { mode: 'system' } });
  open.push(made);
  return made;
}

async function serve(handler: RequestListener): Promise<number> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

const get = async (made: OutboundClient): Promise<number> => {
  const answer = await made.request({ method: 'GET', path: '/' });
  return answer.ok ? answer.value.status : 0;
};

describe('a reused connection', () => {
  test('that the server closed is replaced once for a GET, and never for a write', async () => {
    const seen: string[] = [];
    const used = new Set<Socket>();
    const port = await serve((request, response) => {
      seen.push(String(request.method));
      // Each connection serves one request and is cut at the arrival of the second.
      if (used.has(request.socket)) request.socket.resetAndDestroy();
      else {
        used.add(request.socket);
        response.end('ok');
      }
    });
    const reader = client(port);
    expect([await get(reader), await get(reader)]).toEqual([200, 200]);
    expect(seen).toEqual(['GET', 'GET', 'GET']);
    seen.length = 0;
    const writer = client(port);
    expect(await get(writer)).toBe(200);
    const write = await writer.request({ method: 'POST', path: '/' });
    expect(write.ok ? '' : write.error.code).toBe('connection_lost');
    expect(seen).toEqual(['GET', 'POST']);
  });
});

describe('an answer that changes protocol unasked', () => {
  test('is a failure, and its socket is closed', async () => {
    const sockets: Socket[] = [];
    const port = await serve((request) => {
      sockets.push(request.socket);
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const answer = await client(port).request({ method: 'GET', path: '/' });
    expect(answer.ok ? '' : answer.error.code).toBe('malformed_response');
    const [socket] = sockets;
    if (socket && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve).resume());
    expect(socket?.destroyed).toBe(true);
  });
});

describe('a failure', () => {
  test('never holds the credential that was to be sent', async () => {
    const headers = { Authorization: new Secret('canary-1\r\nX: y') };
    const result = await client(1, 'https').request({ method: 'GET', path: '/', headers });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('canary');
  });
});
