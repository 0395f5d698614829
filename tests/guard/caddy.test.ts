import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardSnippet } from '../../src/client/snippets/guard-snippet.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { findProgram, listening, replaced } from './nginx.ts';
import { ask, bearer, headerOf } from './support.ts';

const program = findProgram('caddy');

describe.skipIf(program === null)('what tessera guard snippet caddy prints, in a real Caddy', () => {
  let server: TestServer;
  let service: Server;
  let caddy: ChildProcess;
  let folder: string;
  let site: string;
  const reached: Record<string, string | string[] | undefined>[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    service = createServer((request, response) => {
      reached.push(request.headers);
      response.end('in');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()));
    const port = await freePort();
    site = `http://127.0.0.1:${port}`;
    const printed = guardSnippet('caddy', {
      tesseraUrl: server.url,
      scopes: ['write:sasquatch'],
      upstream: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    });
    folder = await mkdtemp(join(tmpdir(), 'tessera-caddy-'));
    const own = '{\n\tadmin off\n\tauto_https off\n}\n';
    await writeFile(join(folder, 'Caddyfile'), own + replaced(printed, { ':8080 {': `${site} {` }));
    caddy = spawn(program ?? '', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], {
      env: { PATH: process.env.PATH ?? '', HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    caddy.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    await listening(caddy, port, () => said);
  });
  afterAll(async () => {
    const ended = once(caddy, 'close');
    caddy.kill();
    await ended;
    service.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a bot with the scope gets in, as itself and without its token, until it is revoked', async () => {
    const body = { username: 'bot-metrics', scopes: ['write:sasquatch'] };
    const made = (await server.call('POST', '/api/v1/service-tokens', { token: server.admin, body })).json;
    const passed = await ask(`${site}/lines`, [bearer(made.token), ['X-Auth-Request-User', 'root']], 'POST');
    expect([passed.status, passed.text]).toEqual([200, 'in']);
    expect(reached.at(-1)?.['x-auth-request-user']).toBe('bot-metrics');
    expect(JSON.stringify(reached.at(-1))).not.toContain(made.token);

    await server.call('DELETE', `/api/v1/tokens/${made.details.id}`, { token: server.admin });
    const before = reached.length;
    expect((await ask(`${site}/lines`, [bearer(made.token)])).status).toBe(401);
    expect(reached.length).toBe(before);
  });

  test('everybody else is told why, with the status it is', async () => {
    const nobody = await ask(`${site}/lines`);
    expect([nobody.status, nobody.json.detail.type]).toEqual([401, 'no_authorization']);
    const malformed = await ask(`${site}/lines`, [['Authorization', 'Digest x']]);
    expect([malformed.status, malformed.json.detail[0].type]).toEqual([400, 'invalid_request']);
    const made = await server.call('POST', '/api/v1/tokens', {
      token: server.admin,
      body: { name: 'n', scopes: [] },
    });
    const narrow = await ask(`${site}/lines`, [bearer(made.json.token)]);
    expect([narrow.status, narrow.json.detail[0].type]).toEqual([403, 'insufficient_scope']);
    expect(headerOf(narrow, 'WWW-Authenticate')).toContain('scope="write:sasquatch"');
    expect(
      (
        await ask(`${site}/lines`, [
          ['X-Original-Method', 'OPTIONS'],
          ['X-Original-URL', 'http://x/'],
        ])
      ).status,
    ).toBe(401);
  });
});
