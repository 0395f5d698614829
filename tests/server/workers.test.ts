import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { closeAll } from '../support/later.ts';
import { newPlace } from './program.ts';

afterAll(closeAll);

// Side by side, so each has an `expect` of its own to ask again with.
describe.concurrent('several workers', () => {
  test('workers share one port, revocations and the bootstrap secret; one that dies is replaced', async ({
    expect,
  }) => {
    const { serve, call, firstAdministrator, onNewConnection, workers } = await newPlace();
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
    // A question that was dealt to the victim has no answer; it is asked again.
    const others = async () =>
      [...(await workers(1_000).catch(() => []))].filter((pid) => pid !== victim).length;
    await expect.poll(others, { interval: 100, timeout: 20_000 }).toBe(2);
    server.child.kill('SIGTERM');
    expect(await server.finished).toMatchObject({ code: 0 });
  });

  test('a replacement that cannot start leaves the others serving, and is tried again', async ({
    expect,
  }) => {
    const { serve, onNewConnection, workers, folder } = await newPlace();
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

  test('a signal ends the program also while no worker is left', async ({ expect }) => {
    const { serve, workers, folder } = await newPlace();
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

  test('metrics are those of all workers together, whichever is asked', async ({ expect }) => {
    const { serve, onNewConnection } = await newPlace();
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
});
