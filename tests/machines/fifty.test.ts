import { afterEach, describe, expect, test } from 'vitest';
import { closeAll, later } from '../connections/support.ts';
import { ENGINES } from '../support/database.ts';
import { enlargeStorage, lab, ours } from './lab.ts';

afterEach(closeAll);

const MANY = 50;
const PLACES = 20;

describe.each(ENGINES)('on %s', (engine) => {
  test('fifty creates at once, at two processes, are fifty machines with fifty ids, twenty clones at a time', async () => {
    const { double, server, ended } = await lab(engine, { cloneMs: 300, taskMs: 0, bootMs: 0 });
    enlargeStorage(double);
    const other = later(await server.replica());
    let most = 0;
    const clones = (): number =>
      [...double.cluster.guests.values()].filter((guest) => guest.config.get('lock') === 'clone').length;
    const watching = setInterval(() => {
      most = Math.max(most, clones());
    }, 5);
    const answers = await Promise.all(
      Array.from({ length: MANY }, (_, at) =>
        (at % 2 === 0 ? server : other).call('POST', '/api/v1/machines', {
          token: server.admin,
          body: { name: `vm-${at}` },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(MANY).fill(202));
    const jobs = [];
    for (const { json } of answers) jobs.push(await ended(json.id));
    clearInterval(watching);
    expect(jobs.filter(({ state }) => state !== 'done').map(({ problem }) => problem)).toEqual([]);
    const ids = new Set(jobs.map(({ machine }) => machine.vmid));
    expect(ids.size).toBe(MANY);
    expect(new Set(ours(double).map(({ vmid }) => vmid))).toEqual(ids);
    expect(new Set(ours(double).map(({ config }) => config.get('name'))).size).toBe(MANY);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(PLACES);
  });
});
