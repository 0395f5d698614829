import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSqlite } from '../../src/storage/sqlite-module.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { type Running, tessera } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';

let folder: string;
let port: number;
let running: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-start-'));
  port = await freePort();
  running = [];
});
afterEach(async () => {
  for (const one of running) one.child.kill('SIGKILL');
  await Promise.all(running.map((one) => one.finished));
  await rm(folder, { recursive: true, force: true });
});

function serve(environment: Record<string, string> = {}, ...more: string[]): Running {
  const started = tessera(['serve', '--data-dir', folder, '--port', String(port), ...more], {
    TESSERA_LOG_LEVEL: 'warn',
    ...environment,
  });
  running.push(started);
  return started;
}

const call = (path: string, token?: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** Process ids of the workers, as the metrics of all of them together tell. */
async function workers(): Promise<Set<string>> {
  const { text } = await onNewConnection('/metrics');
  return new Set([...text.matchAll(/tessera_process_info\{pid="(\d+)"/g)].map(([, pid = '']) => pid));
}

/** Connections are dealt out among workers, so each question needs one of its own. */
function onNewConnection(path: string, token?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = get(
      { host: '127.0.0.1', port, path, headers, agent: false, timeout: 5_000 },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

async function firstAdministrator(server: Running): Promise<string> {
  const said = await server.says(/tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/);
  const secret = /tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/.exec(said)?.[0];
  const made = await call('/api/v1/setup', secret, { username: 'admin', password: PASSWORD });
  expect(made.status).toBe(201);
  return ((await made.json()) as { token: string }).token;
}

test('the first start makes key and data private, prints a one-time secret; the second finds its data', async () => {
  const first = serve();
  const token = await firstAdministrator(first);
  expect((await stat(join(folder, 'master.key'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'tessera.sqlite'))).mode & 0o077).toBe(0);
  first.child.kill('SIGINT');
  expect(await first.finished).toMatchObject({ code: 0 });

  const second = serve();
  const said = await second.says('is listening on');
  expect(said).not.toContain('tsr-');
  expect((await call('/api/v1/me', token)).status).toBe(200);
  second.child.kill('SIGTERM');
  expect(await second.finished).toMatchObject({ code: 0 });
});

test('a secret not yet used is replaced by a fresh one at the next start, and both work until one is used', async () => {
  const secretOf = async (server: Running) => /tsr-\S+/.exec(await server.says(/tsr-\S+\n/))?.[0];
  const first = serve();
  const older = await secretOf(first);
  first.child.kill('SIGTERM');
  await first.finished;
  const second = serve();
  const newer = await secretOf(second);
  expect(newer).not.toBe(older);
  await second.says('is listening');

  const setUp = async (secret: string | undefined, password: string) =>
    (await call('/api/v1/setup', secret, { username: 'admin', password })).status;
  // Whoever is let in hears that the password is too short.
  expect([await setUp(older, 'short'), await setUp(newer, 'short')]).toEqual([400, 400]);
  expect(await setUp(older, PASSWORD)).toBe(201);
  expect([await setUp(older, PASSWORD), await setUp(newer, PASSWORD)]).toEqual([401, 401]);
});

test('a port in use is one clear sentence and a non-zero exit', async () => {
  const taken = createServer().listen(port, '127.0.0.1');
  for (const workers of ['1', '2']) {
    const { code, stderr, stdout } = await serve({}, '--workers', workers).finished;
    expect(code).toBe(1);
    expect(stderr).toContain(`error: Port ${port} on 127.0.0.1 is in use.`);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
  }
  taken.close();
});

test('all faults of the settings are listed at once', async () => {
  const { code, stderr } = await serve({
    TESSERA_PUBLIC_URL: 'ftp://x',
    TESSERA_JWT_LIFETIME: 'soon',
    TESSERA_BOOTSTRAP_TOKEN: 'hunter2-canary',
    TESSERA_DATABSE_URL: 'postgres://x',
  }).finished;
  expect(code).toBe(2);
  for (const name of [
    'TESSERA_PUBLIC_URL',
    'TESSERA_JWT_LIFETIME',
    'TESSERA_BOOTSTRAP_TOKEN',
    'TESSERA_DATABSE_URL',
  ]) {
    expect(stderr).toContain(name);
  }
  expect(stderr).toContain('did you mean TESSERA_DATABASE_URL?');
  expect(stderr).not.toContain('canary');
});

test('a bootstrap token with a typing error is refused before anything is made', async () => {
  const { code, stderr } = await serve({
    TESSERA_BOOTSTRAP_TOKEN: `tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`,
  }).finished;
  expect(code).toBe(2);
  expect(stderr).toContain('error: TESSERA_BOOTSTRAP_TOKEN is not usable. The token has a typing error');
  expect(stderr).not.toContain('bbb');
  await expect(stat(join(folder, 'tessera.sqlite'))).rejects.toThrow();
});

test('a key file that cannot be written is one clear sentence', async () => {
  const file = join(folder, 'nowhere', 'master.key');
  const { code, stderr } = await serve({ TESSERA_MASTER_KEY_FILE: file }).finished;
  expect(code).toBe(1);
  expect(stderr).toContain(`error: The key file ${file} cannot be written`);
  expect(stderr).not.toContain('    at ');
});

test.each(['1', '2'])(
  'port 0 is a free port, the same for the issuer and for all of %s workers',
  async (workers) => {
    const started = tessera(['serve', '--data-dir', folder, '--port', '0', '--workers', workers]);
    running.push(started);
    const said = await started.says('/docs');
    const [, url = '', chosen = '0'] = /listening on (http:\/\/127\.0\.0\.1:(\d+))/.exec(said) ?? [];
    expect(Number(chosen)).toBeGreaterThan(0);
    port = Number(chosen);
    const metadata = await call('/.well-known/oauth-authorization-server');
    expect(await metadata.json()).toMatchObject({ issuer: url });
  },
);

test('a data folder that is a file, and a database that is none, are one clear sentence', async () => {
  await writeFile(join(folder, 'file'), '');
  const file = tessera(['serve', '--data-dir', join(folder, 'file'), '--port', String(port)]);
  expect(await file.finished).toMatchObject({ code: 1, stderr: expect.stringContaining('data folder') });
  await writeFile(join(folder, 'tessera.sqlite'), 'this is no database, it is a sentence. '.repeat(50));
  const { code, stderr } = await serve().finished;
  expect(code).toBe(1);
  expect(stderr).toContain('tessera.sqlite cannot be opened');
  expect(stderr).not.toContain('    at ');
});

test('a key file others can read is refused with the command that mends it', async () => {
  const first = serve();
  await first.says('is listening');
  first.child.kill('SIGTERM');
  await first.finished;
  await chmod(join(folder, 'master.key'), 0o644);
  const { code, stderr } = await serve().finished;
  expect(code).toBe(1);
  expect(stderr).toContain(`chmod 600 ${join(folder, 'master.key')}`);
});

test('without its key a server still verifies, answers 503 where the key is needed, and makes no new key', async () => {
  const first = serve();
  const token = await firstAdministrator(first);
  const config = { name: 'held', base_url: 'https://foreman.example', token: 'svc:012345678901234567890A' };
  const { id } = (await (await call('/api/foreman/configs', token, config)).json()) as { id: string };
  first.child.kill('SIGTERM');
  await first.finished;
  await rename(join(folder, 'master.key'), join(folder, 'elsewhere'));
  const second = serve();
  await second.says('is listening');
  expect(second.output().stderr).toContain('master key');
  expect((await call('/api/v1/me', token)).status).toBe(200);
  const refused = await call('/api/v1/tokens', token, { name: 'x' });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: 'sealed' });
  for (const [method, path, body] of [
    ['POST', '/configs', { ...config, name: 'x' }],
    ['PUT', `/configs/${id}`, { token: 'svc:A012345678901234567890' }],
    ['GET', `/configs/${id}/test`, undefined],
    ['GET', `/hosts?config_id=${id}`, undefined],
  ] as const) {
    const unsealed = await call(`/api/foreman${path}`, token, body, method);
    expect([path, unsealed.status, await unsealed.json()]).toEqual([
      path,
      503,
      { detail: expect.any(String) },
    ]);
  }
  const held = await (await call('/api/foreman/configs', token)).json();
  expect(held).toMatchObject([{ id, name: 'held' }]);
  const ready = await call('/ready');
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ reasons: ['the master key is missing'] });
  await expect(stat(join(folder, 'master.key'))).rejects.toThrow();
  second.child.kill('SIGTERM');
  await second.finished;
  await rename(join(folder, 'elsewhere'), join(folder, 'master.key'));
  const third = serve();
  await third.says('is listening');
  expect((await call('/api/v1/tokens', token, { name: 'x' })).status).toBe(201);
});

describe.each(ENGINES)('on %s', (engine) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await freshDatabase(engine);
  });
  afterEach(async () => {
    for (const one of running) one.child.kill('SIGKILL');
    await Promise.all(running.map((one) => one.finished));
    await database.drop();
  });
  const environment = (): Record<string, string> => ({
    TESSERA_DATA_DIR: database.folder,
    ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
  });
  const start = (): Running => {
    const started = tessera(['serve', '--port', String(port)], {
      TESSERA_LOG_LEVEL: 'warn',
      ...environment(),
    });
    running.push(started);
    return started;
  };

  async function execute(statement: string): Promise<void> {
    if (database.url === null) {
      const sqlite = new (await loadSqlite())(join(database.folder, 'tessera.sqlite'));
      sqlite.exec(statement);
      sqlite.close();
    } else {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(statement);
      await client.end();
    }
  }

  test('a schema of a newer release is refused in one sentence', async () => {
    const first = start();
    await first.says('is listening');
    first.child.kill('SIGTERM');
    await first.finished;
    await execute("insert into kysely_migration (name, timestamp) values ('999-future', 'x')");
    const { code, stderr } = await start().finished;
    expect(code).toBe(1);
    expect(stderr).toContain('newer release (999-future)');
  });

  test('kill -9 in the middle of mints and revokes loses nothing that was acknowledged', {
    timeout: 400_000,
  }, async () => {
    let server = start();
    const admin = await firstAdministrator(server);
    const minted = new Map<string, string>();
    const revoked = new Map<string, string>();
    const total = 1000;
    let asked = 0;
    let kills = 0;
    // While there is no server nobody asks: what was not acknowledged could not be counted either way.
    let up: Promise<unknown> = Promise.resolve();
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

    async function client(): Promise<void> {
      while (asked < total) {
        await up;
        const number = asked++;
        try {
          if (number % 3 === 2 && minted.size > 0) {
            const [id = '', token = ''] = [...minted][0] ?? [];
            minted.delete(id);
            const answer = await call(`/api/v1/tokens/${id}`, admin, undefined, 'DELETE');
            if (answer.status === 200) revoked.set(id, token);
          } else {
            const answer = await call('/api/v1/service-tokens', admin, {
              username: `bot-n${number}`,
              scopes: [],
            });
            if (answer.status !== 201) continue;
            const body = (await answer.json()) as { token: string; details: { id: string } };
            minted.set(body.details.id, body.token);
          }
        } catch {
          // The server is dead or starting; this one was not acknowledged and is asked again.
          asked--;
          await pause(20);
        }
      }
    }

    async function killer(): Promise<void> {
      for (;;) {
        const target = asked + total / 5;
        while (asked < target && asked < total) await pause(5);
        // The last ones must get an answer: killing on would have them asked again for ever.
        if (asked >= total) return;
        let started: (value?: unknown) => void = () => {};
        up = new Promise((resolve) => {
          started = resolve;
        });
        server.child.kill('SIGKILL');
        await server.finished;
        kills++;
        server = start();
        await server.says('is listening');
        started();
      }
    }

    await Promise.all([killer(), ...Array.from({ length: 6 }, client)]);
    expect(kills).toBeGreaterThanOrEqual(3);
    expect(minted.size).toBeGreaterThan(50);
    expect(revoked.size).toBeGreaterThan(50);
    for (const token of minted.values()) expect((await call('/api/v1/me', token)).status).toBe(200);
    for (const token of revoked.values()) expect((await call('/api/v1/me', token)).status).toBe(401);
    const report = await call('/api/v1/audit/verify', admin, undefined, 'POST');
    expect(await report.json()).toMatchObject({ intact: true });
  });
});

test('workers share one port, revocations and the bootstrap secret; one that dies is replaced', async () => {
  const server = serve({}, '--workers', '2');
  const admin = await firstAdministrator(server);
  const before = await workers();
  expect(before.size).toBe(2);

  const made = (await (
    await call('/api/v1/service-tokens', admin, { username: 'bot-w', scopes: [] })
  ).json()) as {
    token: string;
    details: { id: string };
  };
  const asks = async (): Promise<Set<number>> => {
    const statuses = new Set<number>();
    for (let ask = 0; ask < 8; ask++) {
      statuses.add((await onNewConnection('/api/v1/me', made.token)).status);
    }
    return statuses;
  };
  expect(await asks()).toEqual(new Set([200]));
  await call(`/api/v1/tokens/${made.details.id}`, admin, undefined, 'DELETE');
  await expect.poll(asks, { interval: 20, timeout: 5_000 }).toEqual(new Set([401]));

  const [victim = ''] = [...before];
  process.kill(Number(victim), 'SIGKILL');
  await expect
    .poll(
      async () =>
        [...(await workers().catch(() => new Set<string>()))].filter((pid) => pid !== victim).length,
      {
        interval: 200,
        timeout: 20_000,
      },
    )
    .toBe(2);
  server.child.kill('SIGTERM');
  expect(await server.finished).toMatchObject({ code: 0 });
});

test('a replacement that cannot start leaves the others serving, and is tried again', async () => {
  const server = serve({}, '--workers', '2');
  await server.says('is listening');
  const before = [...(await workers())];
  const key = join(folder, 'master.key');
  await chmod(key, 0o644);
  process.kill(Number(before[0]), 'SIGKILL');
  const refusals = () => server.output().stderr.split('can be read by others').length - 1;
  await expect.poll(refusals, { interval: 100, timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  expect((await onNewConnection('/health')).status).toBe(200);
  expect([...(await workers())]).toEqual([before[1]]);
  await chmod(key, 0o600);
  await expect.poll(async () => (await workers()).size, { interval: 200, timeout: 30_000 }).toBe(2);
  server.child.kill('SIGTERM');
  expect(await server.finished).toMatchObject({ code: 0 });
});

test('a signal ends the program also while no worker is left', async () => {
  const server = serve({}, '--workers', '2');
  await server.says('is listening');
  const all = [...(await workers())];
  await chmod(join(folder, 'master.key'), 0o644);
  for (const pid of all) process.kill(Number(pid), 'SIGKILL');
  const refusals = () => server.output().stderr.split('can be read by others').length - 1;
  await expect.poll(refusals, { interval: 100, timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  server.child.kill('SIGTERM');
  expect((await server.finished).signal).toBeNull();
});

test('metrics are those of all workers together, whichever is asked', async () => {
  const server = serve({}, '--workers', '2');
  await server.says('is listening');
  const asked = 10;
  for (let ask = 0; ask < asked; ask++) await onNewConnection('/health');
  const requests = async (): Promise<number> => {
    const { text } = await onNewConnection('/metrics');
    return Number(/^tessera_http_requests_total (\d+)/m.exec(text)?.[1]);
  };
  let last = await requests();
  expect(last).toBeGreaterThanOrEqual(asked);
  for (let ask = 0; ask < 4; ask++) {
    const next = await requests();
    expect(next).toBe(last + 1);
    last = next;
  }
});

test('the key text of the environment is used instead of a file', async () => {
  const key = Buffer.alloc(32, 9).toString('base64');
  const server = serve({ TESSERA_MASTER_KEY: key });
  await firstAdministrator(server);
  await expect(readFile(join(folder, 'master.key'))).rejects.toThrow();
});
