import { expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { over, startTestServer } from '../support/server.ts';

test.each(ENGINES)(
  'a scope registered by the configuration of a process that starts reaches those that run: %s',
  async (engine) => {
    const running = await startTestServer({ engine });
    try {
      const ask = async (): Promise<number> => {
        const { status } = await running.call('GET', '/ingress/auth?scope=write:later', {
          token: running.admin,
          headers: { 'x-original-url': 'https://later.example/', 'x-original-method': 'GET' },
        });
        return status;
      };
      expect(await ask()).toBe(403);
      const environment = { TESSERA_SCOPES: 'write:later=May write later' };
      const starting = await over(running.database, running.bootstrap, { engine, environment }, null);
      try {
        await expect.poll(ask, { timeout: 10_000 }).toBe(200);
      } finally {
        await starting.app.close();
      }
    } finally {
      await running.close();
    }
  },
);
