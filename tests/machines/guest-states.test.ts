import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Outlets } from '../../src/connections/outlets.ts';
import { createGuestStates } from '../../src/machines/guest-states.ts';
import type { JobRecord } from '../../src/machines/record.ts';
import { closeAll } from '../connections/support.ts';
import { type Lab, lab } from './lab.ts';

let home: Lab;
const made: { id: string; vmid: number }[] = [];

beforeAll(async () => {
  home = await lab('sqlite');
  for (const name of ['one', 'two', 'three']) {
    const job = await home.server.api('POST', '/machines', { name });
    const { id, machine } = await home.ended(job.json.id);
    made.push({ id, vmid: machine.vmid });
  }
});
beforeEach(() => home.afresh());
afterAll(closeAll);

const guest = (index: number) => {
  const found = home.double.cluster.guests.get(made[index]?.vmid ?? 0);
  if (found === undefined) throw new Error('no such guest');
  return found;
};
/** Name to state, as the list says. */
async function listed(): Promise<Record<string, string>> {
  const answer = await home.server.api('GET', '/machines');
  expect(answer.status, answer.text).toBe(200);
  type Row = { machine: { name: string; guest_state: string } };
  return Object.fromEntries(answer.json.items.map(({ machine }: Row) => [machine.name, machine.guest_state]));
}
const shown = async (index: number) =>
  (await home.server.api('GET', `/machines/${made[index]?.id}`)).json.machine;

test('the list says what each guest does at this moment, and asks once for all of them', async () => {
  home.server.pass(30);
  guest(1).running = false;
  const asked = home.double.requests.length;
  expect(await listed()).toEqual({ one: 'running', two: 'stopped', three: 'running' });
  const calls = home.double.requests.slice(asked).map(({ path }) => path);
  expect(calls).toEqual([expect.stringMatching(/cluster\/resources/)]);
  expect(await shown(1)).toMatchObject({ guest_state: 'stopped', guest_problem: null });
  guest(1).running = true;
});

test('stop and start answer with what was read back, and the list that follows says the same', async () => {
  const { server } = home;
  const stopped = await server.api('POST', '/machines/two/stop');
  expect(stopped.json).toMatchObject({ state: 'done', machine: { guest_state: 'stopped' } });
  expect(await listed()).toMatchObject({ two: 'stopped' });
  const started = await server.api('POST', '/machines/two/start');
  expect(started.json.machine.guest_state).toBe('running');
  expect(await listed()).toMatchObject({ two: 'running' });
});

test('what was switched since its node last reported is asked about itself', async () => {
  const { server, double } = home;
  double.holdReports();
  await server.api('POST', '/machines/two/stop');
  const asked = double.requests.length;
  expect(await listed()).toMatchObject({ one: 'running', two: 'stopped' });
  const calls = double.requests.slice(asked).map(({ path }) => path);
  expect(calls.filter((path) => path.includes('/status/current')).length).toBe(1);
  guest(0).running = false;
  expect((await shown(0)).guest_state).toBe('stopped');
  expect((await listed()).one).toBe('running');
  guest(0).running = true;
  await server.api('POST', '/machines/two/start');
  double.calm();
});

test('lists of jobs ask nobody', async () => {
  const asked = home.double.requests.length;
  const { items } = (await home.server.api('GET', '/jobs')).json;
  expect(items.map(({ machine }: { machine: { guest_state: null } }) => machine.guest_state)).toEqual([
    null,
    null,
    null,
  ]);
  expect(home.double.requests.length).toBe(asked);
});

test('a system that is down leaves the list whole and the states unknown, and says why', async () => {
  await home.double.setFault('REFUSED', true);
  expect(await listed()).toEqual({ one: 'unknown', two: 'unknown', three: 'unknown' });
  expect(await shown(0)).toMatchObject({
    guest_state: 'unknown',
    guest_problem: expect.stringMatching(/\w/),
  });
});

test('a node that is off leaves its guests unknown', async () => {
  await home.double.setFault('NODE_OFFLINE', true);
  expect((await shown(0)).guest_state).toBe('unknown');
  expect((await listed()).one).toBe('unknown');
});

test('a guest that may not be seen is not called gone', async () => {
  await home.double.setFault('TEMPLATES_HIDDEN', true);
  expect(await shown(0)).toMatchObject({
    guest_state: 'unknown',
    guest_problem: expect.stringContaining('VM.Audit'),
  });
});

test('one whose id belongs to another guest meanwhile is unknown, one that is not there is gone', async () => {
  const { config } = guest(2);
  const before = new Map(config);
  config.set('name', 'of-somebody');
  config.set('tags', 'web');
  expect(await shown(2)).toMatchObject({
    guest_state: 'unknown',
    guest_problem: expect.stringContaining('neither the mark nor the name'),
  });
  for (const [key, value] of before) config.set(key, value);
  home.double.cluster.guests.delete(guest(2).vmid);
  expect(await listed()).toEqual({ one: 'running', two: 'running', three: 'gone' });
});

test('a system that never answers is waited for once, not by everybody who looks', async () => {
  let asked = 0;
  const never = {
    use: () => {
      asked += 1;
      return new Promise(() => {});
    },
  } as unknown as Outlets;
  const states = createGuestStates(never, Date.now, 20);
  const job = {
    id: 'j',
    connectionId: 'c',
    name: 'm',
    state: 'done',
    endedAt: 1,
    goneAt: null,
    progress: { vmid: 100, leftover: null },
  } as unknown as JobRecord;
  for (let turn = 0; turn < 3; turn += 1)
    expect((await states.of([job])).get('j')).toEqual({ is: 'unknown', why: 'It did not answer in time.' });
  expect(asked).toBe(1);
});
