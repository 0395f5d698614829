import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { closeAll, later, proxmox, proxmoxAs } from '../connections/support.ts';
import { ENGINES, type EngineName, freshDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { tessera } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';
import { called, ours } from './lab.ts';

afterAll(closeAll);

/** The call of a step at which its process is killed: before the system has done anything, or before it has answered. */
interface Row {
  readonly method: string;
  readonly call: RegExp;
  readonly when: 'before' | 'after';
  /** Clones wait for each other on one connection; these have one of their own. */
  readonly own?: true;
  /** Its job is being undone. */
  readonly undo?: true;
  /** Its task is still under way when somebody takes over. */
  readonly slow?: true;
  /** Which of its calls it is; looking at everything beforehand asks for an id, too. */
  readonly nth?: number;
}

const row = (method: string, call: RegExp, when: Row['when'], more: Partial<Row> = {}): Row => ({
  method,
  call,
  when,
  ...more,
});

const ROWS: Readonly<Record<string, Row>> = {
  'choosing-an-id': row('GET', /nextid/, 'before', { own: true, nth: 3 }),
  'ordering-a-clone': row('POST', /\/clone$/, 'before', { own: true }),
  'having-ordered-a-clone': row('POST', /\/clone$/, 'after', { own: true, slow: true }),
  'asking-for-a-clone': row('GET', /tasks\/.*qmclone/, 'before', { own: true, slow: true }),
  configuring: row('PUT', /\/config$/, 'before'),
  'having-configured': row('PUT', /\/config$/, 'after'),
  resizing: row('PUT', /\/resize$/, 'before'),
  'having-resized': row('PUT', /\/resize$/, 'after'),
  'asking-for-a-resize': row('GET', /tasks\/.*resize/, 'before'),
  starting: row('POST', /\/start$/, 'before'),
  'having-started': row('POST', /\/start$/, 'after', { slow: true }),
  'asking-for-a-start': row('GET', /tasks\/.*qmstart/, 'before'),
  'waiting-for-an-address': row('GET', /\/agent\//, 'before'),
  stopping: row('POST', /\/stop$/, 'before', { undo: true }),
  'having-stopped': row('POST', /\/stop$/, 'after', { undo: true }),
  deleting: row('DELETE', /\/qemu\/\d+\?/, 'before', { undo: true }),
  'having-deleted': row('DELETE', /\/qemu\/\d+\?/, 'after', { undo: true }),
};
const LONGER_THAN_A_LEASE_MS = 9000;

/** The name of the guest that a call or its task is about. */
function nameIn(double: ProxmoxDouble, url: string): string | undefined {
  const id = /qemu\/(\d+)/.exec(url)?.[1] ?? /(?:qm\w+|resize)(?:%3A|:)(\d+)/.exec(url)?.[1];
  return double.cluster.guests.get(Number(id))?.config.get('name');
}

async function lab(engine: EngineName) {
  const double = await proxmox({ cloneMs: 20, taskMs: 10 });
  const database = await freshDatabase(engine);
  later({ close: database.drop });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const children: ChildProcess[] = [];
  later({
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'close');
      }
    },
  });

  async function serve(at: number) {
    const server = tessera(['serve', '--data-dir', database.folder, '--port', String(at)], {
      TESSERA_LOG_LEVEL: 'warn',
      TESSERA_PUBLIC_URL: url,
      UBUNTU_2204_TEMPLATE_ID: '9000',
      TESSERA_MACHINE_ADDRESS_WAIT: '30s',
      TESSERA_MACHINE_CLONES: '1',
      ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
    });
    children.push(server.child);
    return { server, said: await server.says('is listening') };
  }

  let at = port;
  const { server: first, said } = await serve(port);
  const secret = /tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/.exec(await first.says(/tsr-\w{22}-\w{28}/))?.[0];
  let token = secret ?? said;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  async function api(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`http://127.0.0.1:${at}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json = await answer.json();
    expect(answer.status, JSON.stringify(json)).toBeLessThan(300);
    return json;
  }
  token = (await api('POST', '/setup', { username: 'admin', password: PASSWORD })).token;

  return {
    double,
    api,
    connection: (name: string) => api('POST', '/connections', proxmoxAs(name, double)),
    async secondProcess() {
      const other = await freePort();
      await serve(other);
      return () => {
        at = other;
      };
    },
    async kill() {
      first.child.kill('SIGKILL');
      await first.finished;
    },
    again: () => serve(port),
    async until(id: string, holds: (job: { state: string; ended: boolean }) => boolean) {
      for (let turn = 0; turn < 400; turn += 1) {
        const job = await api('GET', `/jobs/${id}`);
        if (holds(job)) return job;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`job ${id} did not get there`);
    },
  };
}

describe.concurrent.each(ENGINES)('on %s', (engine) => {
  test('a process killed at any call of any step leaves jobs that another one brings to their end', async () => {
    const { double, api, connection, secondProcess, kill, again, until } = await lab(engine);
    const ids = new Map<string, string>();
    const create = async (name: string, on: string): Promise<string> => {
      const { id } = await api('POST', '/machines', { name, connection: on });
      ids.set(name, id);
      return id;
    };
    const park = (name: string, { method, call, when, own, slow, nth = 1 }: Row): Promise<void> =>
      new Promise((met) => {
        let slower = slow === true && own !== true;
        const path = (url: string): boolean => {
          const matches = call.test(url) && (own || nameIn(double, url) === name);
          if (matches && slower) pace(true);
          if (matches) slower = false;
          return matches;
        };
        double.cutConnection({ method, path, when, nth, silent: true, met });
      });
    const pace = (slow: boolean): void => {
      const ms = slow ? LONGER_THAN_A_LEASE_MS : 20;
      Object.assign(double.cluster.durations, { cloneMs: ms, taskMs: ms });
    };

    await connection('pve');
    // Those being undone get as far as waiting for an address, which nobody tells them.
    double.silenceAgent(true);
    const undone = Object.entries(ROWS).filter(([, { undo }]) => undo);
    for (const [name] of undone) await create(name, 'pve');
    for (const [name, at] of undone) {
      const id = ids.get(name) ?? '';
      await until(id, ({ state }) => state === 'waiting_ip');
      const parked = park(name, at);
      await api('POST', `/jobs/${id}/cancel`);
      await parked;
    }
    double.silenceAgent(false);
    for (const [name, at] of Object.entries(ROWS)) {
      if (at.undo) continue;
      const on = at.own ? name : 'pve';
      if (at.own) await connection(on);
      const parked = park(name, at);
      pace(at.slow === true && at.own === true);
      await create(name, on);
      await parked;
      pace(false);
    }
    // One place, and it is taken: this one has not begun.
    const queued = await create('queued', 'asking-for-a-clone');
    expect((await api('GET', `/jobs/${queued}`)).state).toBe('queued');

    if (engine === 'sqlite') {
      await kill();
      await again();
    } else {
      const turnTo = await secondProcess();
      await kill();
      turnTo();
    }

    for (const [name, id] of ids) {
      const job = await until(id, ({ ended }) => ended);
      const undo = ROWS[name]?.undo === true;
      expect([name, job.state, job.leftover], JSON.stringify(job)).toEqual([
        name,
        undo ? 'cancelled' : 'done',
        null,
      ]);
      const guests = called(double, name);
      expect(guests.length, name).toBe(undo ? 0 : 1);
      for (const guest of guests) {
        expect([guest.vmid, guest.running, guest.config.get('lock')]).toEqual([
          job.machine.vmid,
          true,
          undefined,
        ]);
        expect(Object.fromEntries(guest.config)).toMatchObject({ cores: '2', memory: '2048' });
        expect(guest.config.get('scsi0')).toContain('size=20G');
      }
    }
    expect(ours(double).length).toBe(ids.size - undone.length);
    const unfinished = [...double.cluster.guests.values()].filter((guest) => guest.config.has('lock'));
    expect(unfinished).toEqual([]);
  });
});
