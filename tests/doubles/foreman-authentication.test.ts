import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ForemanDouble, startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { type Seen, visit } from './client.ts';
import { as, basic } from './foreman-support.ts';

let time: number;
let double: ForemanDouble;

beforeEach(async () => {
  time = Date.UTC(2026, 0, 15);
  double = await startForemanDouble({ http: true, clock: () => time });
});

afterEach(() => double.close());

const status = (headers: Record<string, string> = {}): Promise<Seen> =>
  visit(double, '/api/v2/status', { headers });
const message = (seen: Seen): unknown => [seen.status, seen.body?.error?.message];
const cookieOf = (seen: Seen): string => seen.headers['set-cookie']?.[0]?.split(';')[0] ?? '';

describe('a login', () => {
  test('by password or token is accepted in any letter case of the name', async () => {
    const { adminToken } = double.credentials;
    for (const [login, secret] of [
      ['admin', 'changeme'],
      ['ADMIN', 'changeme'],
      ['Admin', adminToken.token],
    ] as const)
      expect((await status({ Authorization: basic(login, secret) })).body).toEqual({
        result: 'ok',
        status: 200,
        version: '1.24.3',
        api_version: 2,
      });
  });

  test('refused reads the same for every cause, naming the login as it was sent', async () => {
    const { adminToken, expiredToken, revokedToken } = double.credentials;
    for (const [login, secret] of [
      ['inventory', 'wrong'],
      ['inventory', ''],
      ['inventory', adminToken.token],
      ['inventory', expiredToken.token],
      ['inventory', revokedToken.token],
      ['Nobody', 'x'],
      ['foreman_admin', 'changeme'],
    ] as const)
      expect(message(await status({ Authorization: basic(login, secret) }))).toEqual([
        401,
        `Unable to authenticate user ${login}`,
      ]);
  });

  test('without a usable scheme ends in a blank, and no challenge is sent', async () => {
    for (const authorization of ['', 'basic YWRtaW46Y2hhbmdlbWU=', 'Digest x']) {
      const seen = await status(authorization === '' ? {} : { Authorization: authorization });
      expect(message(seen)).toEqual([401, 'Unable to authenticate user ']);
      expect(seen.headers['www-authenticate']).toBeUndefined();
    }
  });

  test('by Bearer with anything but a JWT breaks with 500', async () => {
    const seen = await status({ Authorization: `Bearer ${double.credentials.adminToken.token}` });
    expect(message(seen)).toEqual([500, 'Not enough or too many segments']);
    expect((await status({ Authorization: 'Bearer a.b.c' })).status).toBe(401);
  });
});

describe('headers', () => {
  test('of Foreman stand on authorised answers and not on 401 or 403; the checksum stands on all', async () => {
    const fine = await status({ Authorization: basic('admin', 'changeme') });
    expect(fine.headers).toMatchObject({
      foreman_version: '1.24.3',
      foreman_api_version: '2',
      foreman_current_organization: '; ANY',
      foreman_current_location: '; ANY',
    });
    const refused = await status();
    const denied = await as(double, 'reader', 'changeme')('/hosts');
    expect(denied.status).toBe(403);
    for (const seen of [refused, denied]) {
      expect(seen.headers.foreman_version).toBeUndefined();
      expect(seen.headers['apipie-checksum']).toBe(fine.headers['apipie-checksum']);
    }
    const missing = await as(double, 'admin', 'changeme')('/hosts/none');
    expect([missing.status, missing.headers.foreman_version]).toEqual([404, '1.24.3']);
  });
});

describe('a session', () => {
  test('comes with every Basic login and then counts without a header, or with a wrong one', async () => {
    const first = await status({ Authorization: basic('admin', 'changeme') });
    expect(first.headers['set-cookie']?.[0]).toMatch(/^_session_id=[0-9a-f]{32}; path=\/; HttpOnly$/);
    const Cookie = cookieOf(first);
    expect((await status({ Cookie })).status).toBe(200);
    expect((await status({ Cookie, Authorization: basic('admin', 'wrong') })).status).toBe(200);
    expect((await status({ Cookie, Authorization: 'Bearer x' })).status).toBe(200);
  });

  test('lives on after its token was revoked', async () => {
    const { adminToken } = double.credentials;
    const Cookie = cookieOf(await status({ Authorization: basic('admin', adminToken.token) }));
    await as(
      double,
      'admin',
      'changeme',
    )(`/users/4/personal_access_tokens/${adminToken.id}`, { method: 'DELETE' });
    expect((await status({ Authorization: basic('admin', adminToken.token) })).status).toBe(401);
    expect((await status({ Cookie })).status).toBe(200);
  });

  test('slides for an hour of idleness, then is 401 with an empty text body', async () => {
    const Cookie = cookieOf(await status({ Authorization: basic('admin', 'changeme') }));
    time += 59 * 60_000;
    expect((await status({ Cookie })).status).toBe(200);
    time += 59 * 60_000;
    expect((await status({ Cookie })).status).toBe(200);
    time += 61 * 60_000;
    const ended = await status({ Cookie });
    expect([ended.status, ended.text]).toEqual([401, '']);
    expect(ended.headers['content-type']).toContain('text/plain');
  });
});

describe('the lock-out', () => {
  const fail = (): Promise<Seen> => status({ Authorization: basic('admin', 'wrong') });
  const TOO_MANY = [401, 'Too many tries, please try again in a few minutes.'];

  test('begins with the 31st attempt of an address and keeps out right credentials too, but no session', async () => {
    const Cookie = cookieOf(await status({ Authorization: basic('admin', 'changeme') }));
    for (let tries = 0; tries < 30; tries += 1)
      expect(message(await fail())).toEqual([401, 'Unable to authenticate user admin']);
    expect(message(await fail())).toEqual(TOO_MANY);
    expect(message(await status({ Authorization: basic('admin', 'changeme') }))).toEqual(TOO_MANY);
    expect((await status({ Cookie })).status).toBe(200);
  });

  test('counts calls without credentials, is not cleared by a success, and ends five minutes after the last failure', async () => {
    for (let tries = 0; tries < 29; tries += 1) await status();
    expect((await status({ Authorization: basic('admin', 'changeme') })).status).toBe(200);
    time += 4 * 60_000;
    await fail();
    expect(message(await fail())).toEqual(TOO_MANY);
    time += 4 * 60_000;
    expect(message(await fail())).toEqual(TOO_MANY);
    time += 61_000;
    expect((await status({ Authorization: basic('admin', 'changeme') })).status).toBe(200);
  });

  test('is kept for the address that a trusted neighbour forwards', async () => {
    for (let tries = 0; tries < 30; tries += 1) await status({ 'X-Forwarded-For': '203.0.113.9, 10.0.0.1' });
    expect(message(await status({ 'X-Forwarded-For': '203.0.113.9' }))).toEqual(TOO_MANY);
    expect(message(await fail())).toEqual([401, 'Unable to authenticate user admin']);
  });
});

describe('without any login', () => {
  test('ping and the API description answer, in every usual spelling', async () => {
    expect((await visit(double, '/api/ping')).body.results.foreman.database.active).toBe(true);
    const description = await visit(double, '/apidoc/v2.json');
    expect(Object.keys(description.body.docs.resources)).toContain('personal_access_tokens');
    expect((await visit(double, '//apidoc/v2.en.json')).text).toBe(description.text);
    const checksum = (await visit(double, '/apidoc/apipie_checksum')).body.checksum;
    expect(description.headers['apipie-checksum']).toBe(checksum);
  });
});

describe('the order of checks', () => {
  const headers = { 'Content-Type': 'application/json' };

  test('a broken JSON body is told before anybody is authenticated, as plain text in error', async () => {
    const seen = await visit(double, '/api/v2/users/4/personal_access_tokens', { body: '{', headers });
    expect(seen.status).toBe(400);
    expect(seen.body.status).toBe(400);
    expect(seen.body.error).toMatch(/^There was a problem in the JSON you submitted: /);
  });

  test('another content type is 415 after the login', async () => {
    const path = '/users/4/personal_access_tokens';
    const body = { body: 'x', headers: { 'Content-Type': 'text/plain' } };
    expect((await visit(double, `/api/v2${path}`, body)).status).toBe(401);
    const seen = await as(double, 'admin', 'changeme')(path, body);
    expect(seen.status).toBe(415);
    expect(seen.body.error.message).toContain("'Content-Type: text/plain' is unsupported in API v2");
  });

  test('a missing permission is told before an unknown organisation, that before a missing object', async () => {
    const reader = as(double, 'reader', 'changeme');
    expect((await reader('/hosts/none?organization_id=99')).status).toBe(403);
    const admin = as(double, 'admin', 'changeme');
    expect((await admin('/hosts/none?organization_id=99')).body).toEqual({
      message: 'Organization with id 99 not found',
    });
  });
});

test('a version other than 2 leads nowhere', async () => {
  const headers = { Authorization: basic('admin', 'changeme') };
  expect((await visit(double, '/api/v1/status', { headers })).status).toBe(404);
  const accept = { ...headers, Accept: 'application/json;version=1' };
  expect((await visit(double, '/api/status', { headers: accept })).status).toBe(404);
  expect((await visit(double, '/api/v2/status', { headers: accept })).status).toBe(200);
});
