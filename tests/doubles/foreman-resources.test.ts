import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ForemanDouble, startForemanDouble } from '../../src/doubles/foreman/double.ts';
import type { Seen } from './client.ts';
import { as, type Session } from './foreman-support.ts';

let double: ForemanDouble;
let admin: Session;
let inventory: Session;
let reader: Session;

beforeEach(async () => {
  double = await startForemanDouble({ http: true });
  admin = as(double, 'admin', 'changeme');
  inventory = as(double, 'inventory', double.credentials.inventoryToken.token);
  reader = as(double, 'reader', 'changeme');
});

afterEach(() => double.close());

const names = (seen: Seen): string[] => seen.body.results.map((row: { name: string }) => row.name);
const search = (session: Session, query: string, path = '/hosts'): Promise<Seen> =>
  session(`${path}?search=${encodeURIComponent(query)}`);

describe('a list', () => {
  test('comes in an envelope with totals before and after the search', async () => {
    const all = await admin('/hosts?per_page=5&page=2&order=name%20DESC');
    expect(all.body).toMatchObject({
      total: 12,
      subtotal: 12,
      page: 2,
      per_page: 5,
      search: null,
      sort: { by: 'name', order: 'DESC' },
    });
    expect(all.body.results).toHaveLength(5);
    const found = (await search(admin, 'hostgroup = web')).body;
    expect([found.total, found.subtotal, found.search]).toEqual([12, 4, 'hostgroup = web']);
    expect(found.sort).toEqual({ by: null, order: null });
  });

  test('has twenty rows a page by default, any number when asked, and none for per_page=all', async () => {
    const large = await startForemanDouble({ http: true, hosts: 45 });
    const session = as(large, 'admin', 'changeme');
    expect((await session('/hosts')).body.results).toHaveLength(20);
    expect((await session('/hosts?page=3')).body.results).toHaveLength(5);
    expect((await session('/hosts?per_page=10000')).body.results).toHaveLength(45);
    const none = (await session('/hosts?per_page=all')).body;
    expect([none.per_page, none.results, none.subtotal]).toEqual([0, [], 45]);
    await large.close();
  });

  test('tells can_create only when asked', async () => {
    expect((await admin('/hosts')).body).not.toHaveProperty('can_create');
    expect((await admin('/hosts?include_permissions=1')).body.can_create).toBe(true);
    expect((await inventory('/hosts?include_permissions=1')).body.can_create).toBe(false);
  });

  test('refuses an unknown field in search or order with 400 and a class', async () => {
    for (const seen of [await search(admin, 'colour = red'), await admin('/hosts?order=colour')]) {
      expect(seen.status).toBe(400);
      expect(seen.body.error.class).toBe('ScopedSearch::QueryNotSupported');
    }
    expect((await admin('/users/4/personal_access_tokens?order=id')).status).toBe(400);
  });
});

describe('the search language', () => {
  test.each([
    ['name = web-001.lab.example', 1],
    ['name = "web-001.lab.example"', 1],
    ['name ~ web', 4],
    ['hostgroup != web', 8],
    ['hostgroup ^ (web, database)', 8],
    ['not hostgroup = web', 8],
    ['hostgroup = web and build = true', 1],
    ['hostgroup = web or hostgroup = database', 8],
    ['(hostgroup = web or hostgroup = database) and model = KVM', 4],
    ['facts.processorcount > 6', 2],
    ['params.rack = r1', 2],
    ['compute', 4],
    ['', 12],
  ])('finds with %s', async (query, count) => {
    expect((await search(admin, query)).body.subtotal).toBe(count);
  });

  test.each(['name =', '(name = x', 'name ^ x', ')'])('refuses %s', async (query) => {
    expect((await search(admin, query)).status).toBe(400);
  });
});

describe('hosts', () => {
  test('are shown in full, thin, or one by id or name', async () => {
    const [first] = (await admin('/hosts')).body.results;
    expect(first).toMatchObject({
      id: 1,
      name: 'web-001.lab.example',
      global_status_label: 'OK',
      organization_name: 'Default Organization',
      created_at: '2019-11-17 08:45:43 UTC',
    });
    expect((await admin('/hosts?thin=1')).body.results[0]).toEqual({ id: 1, name: 'web-001.lab.example' });
    expect((await admin('/hosts/1')).body.name).toBe('web-001.lab.example');
    expect((await admin('/hosts/web-001.lab.example')).body).toMatchObject({
      id: 1,
      interfaces: [{ id: 1 }],
    });
  });

  test('in build hand their provisioning token to every reader', async () => {
    const building = (await search(inventory, 'build = true')).body.results[0];
    expect(building.token).toMatch(/^[0-9a-f]{36}$/);
  });

  test('have facts under their own name, and parameters', async () => {
    const facts = (await admin('/hosts/1/facts')).body;
    expect(facts.results).toEqual({
      'web-001.lab.example': { kernel: 'Linux', operatingsystem: 'Ubuntu', processorcount: '1' },
    });
    expect(facts.total).toBe(3);
    expect((await admin('/hosts/1/parameters')).body.results[0]).toMatchObject({ name: 'rack', value: 'r1' });
  });

  test('that are missing or out of sight are 404', async () => {
    for (const session of [admin, inventory]) {
      const seen = await session('/hosts/none.example');
      expect([seen.status, seen.body.error.message]).toEqual([
        404,
        "Resource host not found by id 'none.example'",
      ]);
    }
    expect((await inventory('/hosts/4')).status).toBe(404);
    expect((await admin('/hosts/4')).status).toBe(200);
  });
});

describe('without the permission', () => {
  test('a call is 403 and names what is missing', async () => {
    const seen = await reader('/hosts');
    expect(seen.status).toBe(403);
    expect(seen.body).toEqual({
      error: {
        message: 'Access denied',
        details: 'Missing one of the required permissions: view_hosts',
        missing_permissions: ['view_hosts'],
      },
    });
    expect((await reader('/compute_resources')).body.error.missing_permissions).toEqual([
      'view_compute_resources',
    ]);
    for (const path of ['/statuses', '/settings', '/users', '/hosts/1/facts'])
      expect((await reader(path)).status).toBe(403);
  });

  test('one may still look at oneself', async () => {
    expect((await reader('/current_user')).body).toMatchObject({ id: 5, login: 'reader', admin: false });
    expect((await reader('/users/reader')).status).toBe(200);
    expect((await reader('/users/5')).status).toBe(200);
    expect((await reader('/users/4')).status).toBe(403);
  });
});

describe('organisations', () => {
  test('limit what a user sees, those below its own included', async () => {
    expect((await inventory('/hosts')).body.total).toBe(9);
    expect((await inventory('/hosts?organization_id=3')).body.total).toBe(2);
    expect(names(await inventory('/compute_resources'))).toEqual(['kvm-lab', 'vcenter']);
  });

  test('a user in none sees empty lists, not an error', async () => {
    const stranger = as(double, 'stranger', 'changeme');
    const seen = await stranger('/hosts');
    expect([seen.status, seen.body.total, seen.body.results]).toEqual([200, 0, []]);
  });

  test('narrow one request, and the context comes back in the headers', async () => {
    const seen = await admin('/hosts?organization_id=2&location_id=5');
    expect(seen.body.total).toBe(3);
    expect(seen.headers.foreman_current_organization).toBe('2; Research');
    expect(seen.headers.foreman_current_location).toBe('5; Annex');
    expect((await admin('/hosts?organization_id=')).body.total).toBe(12);
  });

  test('that are foreign are not found, without the usual wrapper', async () => {
    const seen = await inventory('/hosts?organization_id=2');
    expect([seen.status, seen.body]).toEqual([404, { message: 'Organization with id 2 not found' }]);
    expect((await inventory('/hosts?location_id=77')).body).toEqual({
      message: 'Location with id 77 not found',
    });
  });

  test('a role limited by a search hides rows in silence', async () => {
    const master = as(double, 'web.master', 'changeme');
    expect(names(await master('/hosts')).every((name) => name.startsWith('web'))).toBe(true);
    expect((await master('/hosts/2')).status).toBe(404);
  });
});

test('compute resources show their provider’s settings and no password', async () => {
  const rows = (await admin('/compute_resources')).body.results;
  expect(rows[1]).toMatchObject({
    name: 'vcenter',
    provider: 'Vmware',
    provider_friendly_name: 'VMware',
    datacenter: 'lab',
  });
  expect(JSON.stringify(rows)).not.toContain('"password"');
  expect((await admin('/compute_resources/kvm-lab')).body.id).toBe(1);
});

test('users are listed without the hidden ones', async () => {
  const seen = await search(admin, 'login = "reader"', '/users');
  expect(seen.body.results[0]).toMatchObject({ id: 5, login: 'reader', auth_source_name: 'Internal' });
  expect((await admin('/users')).text).not.toContain('foreman_admin');
});

describe('personal access tokens', () => {
  const OF_INVENTORY = '/users/6/personal_access_tokens';
  const make = (session: Session, path: string, fields: object): Promise<Seen> =>
    session(path, { json: fields });

  test('show their secret at creation only, wrapped or not', async () => {
    const made = await make(admin, OF_INVENTORY, {
      personal_access_token: { name: 'fresh', expires_at: '2030-01-01T00:00:00Z' },
      name: 'ignored',
      user_id: 4,
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'fresh',
      user_id: 6,
      expires_at: '2030-01-01 00:00:00 UTC',
      last_used_at: null,
      'active?': true,
    });
    expect(made.body.token_value).toMatch(/^[A-Za-z0-9_-]{21}[AQgw]$/);
    const shown = await admin(`${OF_INVENTORY}/${made.body.id}`);
    expect(shown.body).not.toHaveProperty('token_value');
    expect(shown.body).not.toHaveProperty('revoked?');
    expect((await as(double, 'inventory', made.body.token_value)('/status')).status).toBe(200);
    expect((await make(admin, OF_INVENTORY, { name: 'bare' })).body.name).toBe('bare');
  });

  test('need a name that was never used by this user', async () => {
    const taken = await make(admin, OF_INVENTORY, { name: 'withdrawn' });
    expect([taken.status, taken.body.error]).toEqual([
      422,
      {
        id: null,
        errors: { name: ['has already been taken'] },
        full_messages: ['Name has already been taken'],
      },
    ]);
    expect((await make(admin, OF_INVENTORY, {})).body.error.full_messages).toEqual(["Name can't be blank"]);
  });

  test.each([
    ['2030-06-01', '2030-06-01 00:00:00 UTC'],
    ['2030-06-01T12:00:00+02:00', '2030-06-01 10:00:00 UTC'],
    ['next summer', null],
    ['', null],
    ['2001-01-01', '2001-01-01 00:00:00 UTC'],
  ])('given the end %s store %s without a word', async (given, stored) => {
    const made = await make(admin, OF_INVENTORY, { name: 'dated', expires_at: given });
    expect([made.status, made.body.expires_at]).toEqual([201, stored]);
    expect(made.body['active?']).toBe(stored === null || stored > '2026');
  });

  test('are reached by the numeric id of their user', async () => {
    const byLogin = await admin('/users/inventory/personal_access_tokens');
    expect(byLogin.status).toBe(422);
    expect(byLogin.body.error.message).toMatch(/^Couldn't find User with 'id'=inventory/);
    expect((await admin('/users/6-inventory/personal_access_tokens')).body.total).toBe(3);
    expect((await admin('/users/99/personal_access_tokens')).status).toBe(422);
  });

  test('are revoked, not deleted, and the answer holds the stored hash', async () => {
    const { id, token } = double.credentials.inventoryToken;
    for (let times = 0; times < 2; times += 1) {
      const gone = await admin(`${OF_INVENTORY}/${id}`, { method: 'DELETE' });
      expect(gone.status).toBe(200);
      expect(gone.body).toMatchObject({ id, revoked: true, created_at: '2019-11-17T08:45:43.000Z' });
      expect(gone.body.token).toMatch(/^\$2a\$\d\d\$[0-9a-f]{21}[./A-Za-z0-9]{32}$/);
    }
    expect((await as(double, 'inventory', token)('/status')).status).toBe(401);
    expect((await admin(`${OF_INVENTORY}/${id}`)).body['active?']).toBe(false);
  });

  test('cannot be changed', async () => {
    expect((await admin(`${OF_INVENTORY}/1`, { method: 'PUT', json: {} })).status).toBe(404);
  });

  test('of one’s own: listed empty and not created without permissions, and never revoked by a non-admin', async () => {
    const own = await reader('/users/5/personal_access_tokens');
    expect([own.status, own.body.total]).toEqual([200, 0]);
    const made = await make(reader, '/users/5/personal_access_tokens', { name: 'x' });
    expect(made.status).toBe(422);
    expect(made.body.error.errors.base[0]).toMatch(
      /^You don't have permission create_personal_access_tokens/,
    );
    expect((await make(inventory, OF_INVENTORY, { name: 'mine' })).status).toBe(201);
    expect((await inventory(OF_INVENTORY)).body.total).toBe(4);
    const { id } = double.credentials.inventoryToken;
    expect((await inventory(`${OF_INVENTORY}/${id}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('of others: refused without the permission, handed out with it', async () => {
    expect((await reader(OF_INVENTORY)).body.error.missing_permissions).toEqual([
      'view_personal_access_tokens',
    ]);
    expect((await make(reader, OF_INVENTORY, { name: 'x' })).status).toBe(403);
    const minted = await make(inventory, '/users/4/personal_access_tokens', { name: 'stolen' });
    expect((await as(double, 'admin', minted.body.token_value)('/current_user')).body.admin).toBe(true);
  });
});
