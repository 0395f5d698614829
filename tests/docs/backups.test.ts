import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Running, tessera } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';
import { commandsOf, followed, installInto } from './page.ts';

const PAGE = new URL('../../docs/backups.md', import.meta.url);
const RESTART = '$ systemctl restart tessera\n';

test('the commands of docs/backups.md copy, prove and restore, and bring a new master key into use', async () => {
  const home = await mkdtemp(join(tmpdir(), 'tessera-docs-'));
  const data = join(home, '.local/share/tessera');
  const port = await freePort();
  const start = async (): Promise<Running> => {
    const server = tessera(['serve', '--port', String(port)], { HOME: home, TESSERA_LOG_LEVEL: 'warn' });
    await server.says('is listening');
    return server;
  };
  const stop = async (server: Running): Promise<void> => {
    server.child.kill('SIGTERM');
    await server.finished;
  };
  let server = await start();
  try {
    const said = server.output().stdout;
    const call = async (path: string, token: string, body: object) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.ok).toBe(true);
      return (await answer.json()) as { token: string };
    };
    const secret = /tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/.exec(said)?.[0] ?? '';
    const { token } = await call('/api/v1/setup', secret, { username: 'admin', password: PASSWORD });
    await call('/api/v1/connections', token, {
      name: 'metrics',
      kind: 'http',
      url: 'https://metrics.example',
      credential: { secret: 'canary-bearer' },
      test: false,
    });

    await installInto(home);
    const follow = (text: string): Promise<string> =>
      followed(commandsOf(text), home, { TESSERA_URL: `http://127.0.0.1:${port}`, TESSERA_TOKEN: token });

    const [before = '', after = ''] = (await readFile(PAGE, 'utf8')).split(RESTART);
    const copied = await follow(before);
    expect(copied).toContain('in order');
    expect(copied).toContain('Restored');
    const copy = await readFile(join(home, 'tessera.backup'), 'utf8');
    expect(copy).toContain('metrics.example');
    expect(copy).not.toContain('canary-bearer');
    for (const file of [join(home, 'tessera.backup'), join(data, 'master.key')])
      expect((await stat(file)).mode & 0o777).toBe(0o600);

    await stop(server);
    server = await start();
    expect(await follow(after)).toMatch(/[1-9]\d* sealed values of \d+ wrapped anew/);

    // With the old key gone everything still opens, but for the copy that was sealed with it.
    await stop(server);
    const keys = (await readFile(join(data, 'master.key'), 'utf8'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(keys).toHaveLength(2);
    await writeFile(join(data, 'master.key'), `${keys[0]}\n`, { mode: 0o600 });
    server = await start();
    await follow('```sh\nnpx tessera backup create new.backup\nnpx tessera backup verify new.backup\n```\n');
    const old = tessera(['backup', 'verify', join(home, 'tessera.backup')], { HOME: home });
    expect(await old.finished).toMatchObject({ code: 1, stdout: expect.stringContaining('NOT IN ORDER') });
  } finally {
    await stop(server);
    await rm(home, { recursive: true });
  }
}, 60_000);
