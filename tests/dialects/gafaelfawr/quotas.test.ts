import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readQuotaFile } from '../../../src/config/quota-file.ts';
import { ENGINES } from '../../support/database.ts';
import { errorOf, faultsOf, json, type Surface, startSurface, whole } from './support.ts';

const EMPTY = { api: {}, disk: {}, tap: {} };
const CONFIGURED = {
  default: { api: { cutouts: 10, search: 5 }, notebook: { cpu: 2, memory: 4 } },
  groups: { science: { api: { cutouts: 5 }, disk: { '/home': 100 }, tap: { main: { concurrent: 3 } } } },
  bypass: ['operators'],
};

let folder: string;
let environment: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-quota-'));
  const path = join(folder, 'quotas.json');
  await writeFile(path, JSON.stringify(CONFIGURED));
  environment = { TESSERA_QUOTA_FILE: path };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(ENGINES)('quota overrides on %s', (engine) => {
  let at: Surface;
  const who: Record<string, string> = {};
  beforeAll(async () => {
    at = await startSurface(engine, environment);
    who.plain = await at.userToken('plain', []);
    who.scientist = await at.userToken('scientist', [], { groups: [{ name: 'science', id: 1 }] });
    who.operator = await at.userToken('operator', [], { groups: [{ name: 'operators', id: 2 }] });
  });
  afterAll(() => at.close());

  const put = (body: unknown) => at.api('PUT', '/quota-overrides', { token: at.admin, body });
  const quotaOf = async (name: string) =>
    (await at.api('GET', '/user-info', { token: who[name] ?? '' })).json.quota;

  test('are not found while there are none', async () => {
    const none = { detail: [{ msg: 'No quota overrides are set.', type: 'not_found' }] };
    expect(whole(await at.api('GET', '/quota-overrides', { token: who.plain ?? '' }))).toEqual(
      json(404, none),
    );
    expect(whole(await at.api('DELETE', '/quota-overrides', { token: at.admin }))).toEqual(json(404, none));
  });

  test('stand over the configured quotas, which are shown with the person', async () => {
    const notebook = { cpu: 2, memory: 4, spawn: true };
    expect(await quotaOf('plain')).toEqual({ api: { cutouts: 10, search: 5 }, disk: {}, notebook, tap: {} });
    expect(await quotaOf('scientist')).toEqual({
      api: { cutouts: 15, search: 5 },
      disk: { '/home': 100 },
      notebook,
      tap: { main: { concurrent: 3 } },
    });
    expect(await quotaOf('operator')).toBeUndefined();

    const answer = await put({
      default: { api: { search: 1 } },
      groups: { science: { notebook: { cpu: 9, memory: 9.5, spawn: false }, disk: { '/scratch': 1 } } },
    });
    const kept = {
      default: { ...EMPTY, api: { search: 1 } },
      groups: {
        science: { ...EMPTY, disk: { '/scratch': 1 }, notebook: { cpu: 9, memory: 9.5, spawn: false } },
      },
      bypass: [],
    };
    expect(whole(answer)).toEqual(json(200, kept));
    expect(whole(await at.api('GET', '/quota-overrides', { token: who.plain ?? '' }))).toEqual(
      json(200, kept),
    );
    expect(await quotaOf('plain')).toEqual({ api: { cutouts: 10, search: 1 }, disk: {}, notebook, tap: {} });
    expect(await quotaOf('scientist')).toEqual({
      api: { cutouts: 15, search: 1 },
      disk: { '/home': 100, '/scratch': 1 },
      notebook: { cpu: 9, memory: 9.5, spawn: false },
      tap: { main: { concurrent: 3 } },
    });
  });

  test('are replaced whole, reach other processes, and go away', async () => {
    const replica = await at.replica();
    try {
      expect((await put({ default: { api: { cutouts: 77 } } })).status).toBe(200);
      const there = async () =>
        (await replica.call('GET', '/auth/api/v1/user-info', { token: who.plain ?? '' })).json.quota.api;
      await expect.poll(there, { interval: 20, timeout: 5_000 }).toEqual({ cutouts: 77, search: 5 });
      expect((await at.api('DELETE', '/quota-overrides', { token: at.admin })).status).toBe(204);
      await expect.poll(there, { interval: 20, timeout: 5_000 }).toEqual({ cutouts: 10, search: 5 });
    } finally {
      await replica.close();
    }
    expect((await at.api('GET', '/quota-overrides', { token: at.admin })).status).toBe(404);
  });

  test('leave their trace in the audit trail', async () => {
    await put({ bypass: ['all'] });
    const { json: trail } = await at.call('GET', '/api/v1/audit?action=quota.changed', { token: at.admin });
    expect(trail.items[0]).toMatchObject({ actor: 'admin', action: 'quota.changed' });
    expect(JSON.stringify(trail.items[0])).toContain('"bypass":["all"]');
  });
});

test('the example in the documentation is a quota file', async () => {
  const page = await readFile(new URL('../../../docs/dialects.md', import.meta.url), 'utf8');
  const [, example = ''] = /^```json\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const path = join(folder, 'example.json');
  await writeFile(path, example);
  const read = readQuotaFile(path);
  expect(read.ok && Object.keys(read.value.groups)).toEqual(['science']);
});

describe('quota bodies', () => {
  let at: Surface;
  beforeAll(async () => {
    at = await startSurface();
  });
  afterAll(() => at.close());

  test.each<[unknown, [string, string][]]>([
    [{ extra: 1 }, [['extra_forbidden', 'body.extra']]],
    [{ default: { apis: {} } }, [['extra_forbidden', 'body.default.apis']]],
    [{ default: { api: { x: 'many' } } }, [['int_parsing', 'body.default.api.x']]],
    [{ default: { api: { x: -1 } } }, [['greater_than_equal', 'body.default.api.x']]],
    [{ groups: { g: { tap: { main: 1 } } } }, [['model_attributes_type', 'body.groups.g.tap.main']]],
    [
      { default: { notebook: { cpu: 1, spawn: 'perhaps' } } },
      [
        ['missing', 'body.default.notebook.memory'],
        ['bool_parsing', 'body.default.notebook.spawn'],
      ],
    ],
    [{ bypass: [1] }, [['string_type', 'body.bypass.0']]],
  ])('%j is refused', async (body, faults) => {
    const answer = await at.api('PUT', '/quota-overrides', { token: at.bootstrap, body });
    expect(answer.status).toBe(422);
    expect(faultsOf(answer)).toEqual(faults);
  });

  test('are for administrators', async () => {
    const token = await at.userToken('some-user', ['user:token']);
    for (const [method, body] of [
      ['PUT', {}],
      ['DELETE', undefined],
    ] as const) {
      expect(errorOf(await at.api(method, '/quota-overrides', { token, ...(body ? { body } : {}) }))).toEqual(
        [403, 'permission_denied', undefined],
      );
    }
  });
});
