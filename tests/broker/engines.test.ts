import net from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { ALL, broker, closeAll, closing, plainAnswer, portOf, upstream } from './support.ts';

afterEach(closeAll);

describe.each(ENGINES)('routes on %s', (engine) => {
  test('a route comes back as it was made, is changed, and is gone when it is deleted', async () => {
    const server = await broker({ engine });
    const up = await upstream();
    const made = await server.route('lab', up.url, {
      host: 'pve.tessera.example',
      rules: [
        { methods: ['GET', 'HEAD'], path: '/metrics/**', access: 'anyone' },
        { methods: ['POST'], path: '/topics/*', scopes: ['write:sasquatch', 'read:audit'] },
        { path: '/**', access: 'never' },
      ],
      presets: false,
      pass_headers: ['x-custom'],
      max_concurrent: 3,
      first_byte_ms: 1234,
      idle_ms: 56_789,
    });
    expect((await server.api('GET', '/routes/lab')).json).toEqual(made);
    expect(made).toMatchObject({
      max_concurrent: 3,
      first_byte_ms: 1234,
      idle_ms: 56_789,
      pass_headers: ['x-custom'],
    });
    const changed = await server.api('PATCH', '/routes/lab', { host: null, max_concurrent: 9 });
    expect(changed.json).toMatchObject({ host: null, max_concurrent: 9, rules: made.rules });
    expect(
      (await server.api('GET', '/routes')).json.items.map((each: { name: string }) => each.name),
    ).toEqual(['lab']);
    await server.api('DELETE', '/routes/lab');
    expect((await server.api('GET', '/routes/lab')).status).toBe(404);
    expect((await server.call('GET', '/connect/lab/metrics/x')).status).toBe(404);
  });

  test('a name, a host and a port belong to one route each', async () => {
    const server = await broker({ engine });
    const up = await upstream();
    await server.route('one', up.url, { host: 'one.example' });
    const twice = await server.api('POST', '/routes', { name: 'one', to: up.url });
    expect(twice.status).toBe(409);
    const host = await server.api('POST', '/routes', { name: 'two', to: up.url, host: 'ONE.example' });
    expect(host.status).toBe(409);
  });

  test('a second process follows what the first changes, and both write rows into one whole trail', async () => {
    const server = await broker({ engine });
    const up = await upstream(plainAnswer('served'));
    const replica = await server.replica();
    await server.route('lab', up.url, {
      presets: false,
      rules: [{ path: '/**', scopes: ['write:sasquatch'] }],
    });
    const { token } = await server.token('write:sasquatch');
    const there = () => replica.call('GET', '/connect/lab/there', { token });
    await vi.waitFor(async () => expect((await there()).text).toBe('served'));
    await Promise.all(
      Array.from({ length: 120 }, (_, at) =>
        (at % 2 === 0 ? server : replica).call('GET', `/connect/lab/call-${at}`, { token }),
      ),
    );
    await vi.waitFor(
      async () => {
        const rows = (await server.api('GET', '/audit?route=lab&limit=500')).json.items;
        const calls = rows.filter((row: { path: string }) => row.path.startsWith('/call-'));
        expect(new Set(calls.map((row: { path: string }) => row.path)).size).toBe(120);
      },
      { timeout: 10_000 },
    );
    const verified = await server.api('POST', '/audit/verify');
    expect([verified.status, verified.json.intact, verified.json.faults]).toEqual([200, true, []]);
    await server.api('DELETE', '/routes/lab');
    await vi.waitFor(async () => expect((await there()).status).toBe(404));
    await replica.close();
  });

  test('revocation in one process ends what is open in another: a WebSocket, a stream, an upload', async () => {
    const server = await broker({ engine });
    const up = await upstream((request) =>
      request.includes('/socket')
        ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
        : 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
    );
    await server.route('r', up.url, ALL);
    const { token, id } = await server.token('write:sasquatch');
    const replica = await server.replica();
    const open = [
      'GET /connect/r/socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n',
      'GET /connect/r/stream HTTP/1.1\r\n',
      'PUT /connect/r/upload HTTP/1.1\r\nContent-Length: 100\r\n',
    ].map((head) => {
      const socket = net.connect(portOf(replica.url), '127.0.0.1').on('error', () => {});
      socket.resume().write(`${head}Host: x\r\nAuthorization: Bearer ${token}\r\n\r\nsome`);
      return socket;
    });
    await vi.waitFor(() => expect(up.received.join('').match(/HTTP\/1\.1/g)).toHaveLength(3));
    const ended = [...open, ...up.sockets].map(closing);
    expect((await server.api('DELETE', `/tokens/${id}`)).status).toBeLessThan(300);
    await Promise.all(ended);
    await replica.close();
  });
});
