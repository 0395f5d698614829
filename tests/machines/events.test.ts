import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll } from '../connections/support.ts';
import type { TestServer } from '../support/server.ts';
import { type Lab, lab } from './lab.ts';

let home: Lab;
beforeAll(async () => {
  home = await lab('sqlite', { cloneMs: 50 });
  await home.server.api('POST', '/roles', {
    name: 'looker',
    description: 'sees machines',
    scopes: ['read:machines'],
  });
});
afterAll(closeAll);

interface Heard {
  readonly event: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: data of every shape
  readonly data: any;
}

/** Listens to the steps of a job; `more` resolves with what was told since the last time, `rest` at the end. */
async function listen(server: TestServer, path: string, token: string, lastEventId?: string) {
  const answer = await fetch(server.url + path, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  let text = '';
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const parsed = (): Heard[] =>
    text.split('\n\n').flatMap((block) => {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      );
      return fields.event === undefined
        ? []
        : [{ event: fields.event, id: fields.id ?? '', data: JSON.parse(fields.data ?? 'null') }];
    });
  return {
    answer,
    raw: () => text,
    parsed,
    async until(holds: (heard: Heard[], raw: string) => boolean): Promise<Heard[]> {
      while (!holds(parsed(), text)) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) throw new Error(`the stream ended: ${text}`);
        text += piece.value;
      }
      return parsed();
    },
    async rest(): Promise<Heard[]> {
      for (;;) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) return parsed();
        text += piece.value;
      }
    },
  };
}

let names = 0;
async function begin(): Promise<{ id: string; events: string }> {
  names += 1;
  const { json } = await home.create({ name: `vm-${names}` });
  return { id: json.job_id, events: json.events_url };
}
const states = (heard: Heard[]) =>
  heard.filter(({ event }) => event === 'step').map(({ data }) => data.state);

/** A job that stays with its clone for an hour. */
async function parked() {
  const { double } = home;
  Object.assign(double.cluster.durations, { cloneMs: 3_600_000 });
  const job = await begin();
  // The id is written down before the clone is ordered.
  await home.until(job.id, ({ machine }) => double.cluster.guests.has(machine.vmid));
  Object.assign(double.cluster.durations, { cloneMs: 50 });
  return job;
}

test('every step is told as it comes, with its number, and the job at the end', async () => {
  const { server, ended } = home;
  const { id, events } = await begin();
  const stream = await listen(server, events, server.admin);
  expect([stream.answer.status, stream.answer.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream',
  ]);
  const heard = await stream.rest();
  const job = await ended(id);
  expect(states(heard)).toEqual(job.steps.map(({ state }: { state: string }) => state));
  expect(heard.map((each) => each.id)).toEqual([
    ...job.steps.map((_: unknown, at: number) => `${at + 1}`),
    'end',
  ]);
  expect(heard.at(-1)).toMatchObject({ event: 'end', data: { id, state: 'done', ended: true } });
});

test('whoever comes back hears what they have not heard, and nothing after the end', async () => {
  const { server, ended } = home;
  const { id, events } = await begin();
  const job = await ended(id);
  const rest = await (await listen(server, events, server.admin, '3')).rest();
  expect(states(rest)).toEqual(job.steps.slice(3).map(({ state }: { state: string }) => state));
  expect(rest.at(-1)?.event).toBe('end');
  const again = await listen(server, events, server.admin, 'end');
  expect([again.answer.status, await again.rest()]).toEqual([204, []]);
  const odd = await (await listen(server, events, server.admin, 'nonsense')).rest();
  expect(states(odd).length).toBe(job.steps.length);
});

test('nobody, somebody without the right, and whoever asks for no job are refused as when polling', async () => {
  const { server } = home;
  const { events } = await begin();
  const refused = async (path: string, token: string) => (await listen(server, path, token)).answer.status;
  expect(await refused(events, 'tsr-nobody')).toBe(401);
  expect(await refused(events, await server.user('without-rights'))).toBe(403);
  expect(await refused('/api/v1/jobs/none/events', server.admin)).toBe(404);
});

test('a token that is revoked, or whose owner loses the right, hears no more', async () => {
  const { server } = home;
  const { id, events } = await parked();
  const leaving = await listen(server, events, await server.user('leaving', ['looker']));
  const losing = await listen(server, events, await server.user('losing', ['looker']));
  for (const stream of [leaving, losing]) await stream.until((heard) => states(heard).includes('cloning'));
  await server.api('DELETE', '/users/leaving');
  await server.api('DELETE', '/users/losing/roles/looker');
  expect((await leaving.rest()).at(-1)).toMatchObject({ event: 'refused', data: { status: 401 } });
  expect((await losing.rest()).at(-1)).toMatchObject({
    event: 'refused',
    data: { status: 403, code: 'insufficient_scope' },
  });
  const staying = await listen(server, events, server.admin);
  await staying.until((heard) => states(heard).includes('cloning'));
  server.pass(20);
  await staying.until((_, raw) => raw.includes(': still here'));
  await server.api('POST', `/jobs/${id}/cancel`);
});

test('a process that stops ends its streams; steps made by another one are heard', async () => {
  const { server, ended } = home;
  const other = await server.replica();
  const { id, events } = await begin();
  const heard = await (await listen(other, events, server.admin)).rest();
  expect(states(heard)).toEqual((await ended(id)).steps.map(({ state }: { state: string }) => state));
  const { events: unfinished } = await parked();
  const stream = await listen(other, unfinished, server.admin);
  await stream.until((seen) => states(seen).includes('cloning'));
  await other.close();
  expect((await stream.rest()).map(({ event }) => event)).not.toContain('end');
});

test('whoever waits with the call itself is refused as soon as the token is', async () => {
  const { double, server } = home;
  await server.api('POST', '/roles', {
    name: 'maker',
    description: 'makes machines',
    scopes: ['write:machines'],
  });
  const token = await server.user('waiting', ['maker']);
  double.silenceAgent(true);
  const waiting = server.call('POST', '/api/agents/ubuntu/create?wait=true', {
    token,
    body: { name: 'waited-for' },
  });
  for (;;) {
    const { items } = (await server.api('GET', '/machines')).json;
    if (items.some(({ machine }: { machine: { name: string } }) => machine.name === 'waited-for')) break;
  }
  await server.api('DELETE', '/users/waiting');
  expect((await waiting).status).toBe(401);
  double.silenceAgent(false);
});
