import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll } from '../support/later.ts';
import type { Running } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';
import { newPlace } from './program.ts';

afterAll(closeAll);

describe.concurrent('a start', () => {
  test('the first start makes key and data private, prints a one-time secret; the second finds its data', async () => {
    const { serve, call, firstAdministrator, folder } = await newPlace();
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

  test('a start at the usual log level says nothing but its greeting, and then what was asked', async () => {
    const { serve, call } = await newPlace();
    const server = serve({ TESSERA_LOG_LEVEL: 'info' });
    const said = await server.says(/tessera setup http\S+\n/);
    expect(said).toMatch(/^Tessera [\d.]+ is listening on http/);
    expect(server.output().stderr).toBe('');
    await call('/api/v1/me');
    server.child.kill('SIGTERM');
    const { stderr } = await server.finished;
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
    ).toEqual(['request']);
  });

  test('a secret not yet used is replaced by a fresh one at the next start, and both work until one is used', async () => {
    const { serve, call } = await newPlace();
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
    const { serve, port } = await newPlace();
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
    const { serve } = await newPlace();
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
    const { serve, folder } = await newPlace();
    const { code, stderr } = await serve({
      TESSERA_BOOTSTRAP_TOKEN: `tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`,
    }).finished;
    expect(code).toBe(2);
    expect(stderr).toContain('error: TESSERA_BOOTSTRAP_TOKEN is not usable. The token has a typing error');
    expect(stderr).not.toContain('bbb');
    await expect(stat(join(folder, 'tessera.sqlite'))).rejects.toThrow();
  });

  test('a key file that cannot be written is one clear sentence', async () => {
    const { serve, folder } = await newPlace();
    const file = join(folder, 'nowhere', 'master.key');
    const { code, stderr } = await serve({ TESSERA_MASTER_KEY_FILE: file }).finished;
    expect(code).toBe(1);
    expect(stderr).toContain(`error: The key file ${file} cannot be written`);
    expect(stderr).not.toContain('    at ');
  });

  test.each(['1', '2'])(
    'port 0 is a free port, the same for the issuer and for all of %s workers',
    async (workers) => {
      const place = await newPlace();
      const started = place.start(['serve', '--data-dir', place.folder, '--port', '0', '--workers', workers]);
      const said = await started.says('/docs');
      const [, url = '', chosen = '0'] = /listening on (http:\/\/127\.0\.0\.1:(\d+))/.exec(said) ?? [];
      expect(Number(chosen)).toBeGreaterThan(0);
      place.port = Number(chosen);
      const metadata = await place.call('/.well-known/oauth-authorization-server');
      expect(await metadata.json()).toMatchObject({ issuer: url });
    },
  );

  test('a data folder that is a file, and a database that is none, are one clear sentence', async () => {
    const { start, serve, folder, port } = await newPlace();
    await writeFile(join(folder, 'file'), '');
    const file = start(['serve', '--data-dir', join(folder, 'file'), '--port', String(port)]);
    expect(await file.finished).toMatchObject({ code: 1, stderr: expect.stringContaining('data folder') });
    await writeFile(join(folder, 'tessera.sqlite'), 'this is no database, it is a sentence. '.repeat(50));
    const { code, stderr } = await serve().finished;
    expect(code).toBe(1);
    expect(stderr).toContain('tessera.sqlite cannot be opened');
    expect(stderr).not.toContain('    at ');
  });

  test('a key file others can read is refused with the command that mends it', async () => {
    const { serve, folder } = await newPlace();
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
    const { serve, call, firstAdministrator, folder } = await newPlace();
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

  test('the key text of the environment is used instead of a file', async () => {
    const { serve, firstAdministrator, folder } = await newPlace();
    const key = Buffer.alloc(32, 9).toString('base64');
    const server = serve({ TESSERA_MASTER_KEY: key });
    await firstAdministrator(server);
    await expect(readFile(join(folder, 'master.key'))).rejects.toThrow();
  });
});
