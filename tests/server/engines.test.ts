import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { loadSqlite } from '../../src/storage/sqlite-module.ts';
import { ENGINES, type EngineName, freshDatabase } from '../support/database.ts';
import { closeAll, later } from '../support/later.ts';
import { newPlace } from './program.ts';

afterAll(closeAll);

async function placeOn(engine: EngineName) {
  const { folder, url, drop } = await freshDatabase(engine);
  later({ close: drop });
  const place = await newPlace();
  return {
    ...place,
    start: () =>
      place.start(['serve', '--port', String(place.port)], {
        TESSERA_LOG_LEVEL: 'warn',
        TESSERA_DATA_DIR: folder,
        ...(url === null ? {} : { TESSERA_DATABASE_URL: url }),
      }),

    async execute(statement: string): Promise<void> {
      if (url === null) {
        const sqlite = new (await loadSqlite())(join(folder, 'tessera.sqlite'));
        sqlite.exec(statement);
        sqlite.close();
      } else {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.query(statement);
        await client.end();
      }
    },
  };
}

describe.concurrent.each(ENGINES)('on %s', (engine) => {
  test('a schema of a newer release is refused in one sentence', async () => {
    const { start, execute } = await placeOn(engine);
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
    const { start, call, firstAdministrator } = await placeOn(engine);
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
    const statusesOf = (tokens: Iterable<string>) =>
      Promise.all([...tokens].map(async (token) => (await call('/api/v1/me', token)).status));
    expect(new Set(await statusesOf(minted.values()))).toEqual(new Set([200]));
    expect(new Set(await statusesOf(revoked.values()))).toEqual(new Set([401]));
    const report = await call('/api/v1/audit/verify', admin, undefined, 'POST');
    expect(await report.json()).toMatchObject({ intact: true });
  });
});
