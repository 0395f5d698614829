import { setTimeout as sleep } from 'node:timers/promises';
import { type ProxmoxDouble, startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { asConnection } from '../lib/as-connection.ts';
import { median, ms } from '../lib/numbers.ts';
import type { ServerProcess } from '../lib/processes.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';
import { newFolder, post, serve, setUp } from '../lib/tessera.ts';

const OWN_LIMIT_MS = 300;
const MANY = 50;
const MANY_LIMIT_MS = 10_000;
const CLONE_MS = 2000;
const LONG_CLONE_MS = 14_000;
const COUNTED_MS = 10_000;

/**
 * Machines made at the double: what a create takes when every call is answered and every task done at once, fifty
 * creates at once, and how often a long clone is asked after.
 */
export const machines: Measurement = async (scale, progress) => {
  const double = await startProxmoxDouble({ cloneMs: 0, taskMs: 0, bootMs: 0, delayScale: 0 });
  const storage = double.cluster.storages.get('local-lvm');
  if (storage !== undefined) Object.assign(storage, { total: storage.total * 1000 });
  const server = await serve(await newFolder());
  try {
    const admin = await setUp(server);
    const { full } = double.credentials.flowToken;
    await post(server, '/api/v1/connections', admin, asConnection('pve', 'proxmox', double, full));
    let made = 0;
    const create = async (disk = 20): Promise<void> => {
      made += 1;
      const job = await post(server, '/api/v1/machines', admin, {
        name: `vm-${made}`,
        version: '22.04',
        template: 9000,
        disk,
      });
      await untilDone(server, admin, String(job.events_url));
    };

    progress('one at a time');
    for (let turn = 0; turn < 5; turn++) await create();
    const ownTimes = await takeSamples(scale.starts, async () => {
      const startedAt = performance.now();
      // Another size each time, so that nothing looked at beforehand counts for the next.
      await create(21 + made);
      return performance.now() - startedAt;
    });

    progress(`${MANY} at once`);
    Object.assign(double.cluster.durations, { cloneMs: CLONE_MS });
    const before = guests(double);
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: MANY }, () => create()));
    const manyMs = performance.now() - startedAt;
    const distinct = guests(double) - before;
    if (distinct !== MANY) throw new Error(`${MANY} creates made ${distinct} machines.`);

    progress('a long clone');
    Object.assign(double.cluster.durations, { cloneMs: LONG_CLONE_MS });
    const long = create();
    await sleep(2500);
    const asked = double.requests.length;
    await sleep(COUNTED_MS);
    const perSecond = (double.requests.length - asked) / (COUNTED_MS / 1000);
    await long;

    const own = ownTimes.kept;
    const middle = median(own);
    return [
      {
        what: 'a machine made, from the request to its end, every call of the double answered at once',
        target: `<= ${OWN_LIMIT_MS} ms`,
        measured: `${ms(middle)} (${ms(Math.min(...own))}-${ms(Math.max(...own))})`,
        met: middle <= OWN_LIMIT_MS,
        notes: `median of ${samplesText(ownTimes, 'creates')}, the look at everything beforehand and the double's own time in it`,
      },
      {
        what: `${MANY} machines at once, a clone lasting ${ms(CLONE_MS)}, 20 at a time`,
        target: `<= ${MANY_LIMIT_MS} ms`,
        measured: ms(manyMs),
        met: manyMs <= MANY_LIMIT_MS,
        notes: `once; ${distinct} distinct ids`,
      },
      {
        what: 'requests to Proxmox VE while a clone lasts',
        target: '<= 1 a second',
        measured: `${perSecond.toFixed(1)} a second`,
        met: perSecond <= 1,
        notes: `counted at the double for ${ms(COUNTED_MS)} from the third second on; in the first second there are two more`,
      },
    ];
  } finally {
    await server.stop();
    await double.close();
  }
};

const guests = (double: ProxmoxDouble): number => double.cluster.guests.size;

/** Listens to the steps of a job until it has ended well. */
async function untilDone(server: ServerProcess, token: string, path: string): Promise<void> {
  const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (!/"state":"done","ended":true/.test(text)) throw new Error(`A machine was not made: ${text}`);
}
