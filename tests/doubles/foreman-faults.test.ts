import { afterEach, expect, test } from 'vitest';
import { type ForemanDouble, startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { type ForemanFault, foremanFaults } from '../../src/doubles/foreman/faults.ts';
import { exchange, failureCode, visit } from './client.ts';
import { as } from './foreman-support.ts';

const started: ForemanDouble[] = [];

async function withFault(fault: ForemanFault): Promise<ForemanDouble> {
  const double = await startForemanDouble({ faults: [fault] });
  started.push(double);
  return double;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((double) => double.close()));
});

test.each([
  ['REFUSED', 'ECONNREFUSED'],
  ['ACL_CLOSED', 'ECONNRESET'],
  ['PLAIN_HTTP', 'EPROTO'],
  ['TLS_SELF_SIGNED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['TLS_EXPIRED', 'CERT_HAS_EXPIRED'],
  ['TLS_NAME', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['TLS_PRIVATE_CA', 'none'],
] as const)('%s shows as %s to a visitor who trusts the authority', async (fault, code) => {
  expect(await failureCode(visit(await withFault(fault), '/api/ping'))).toBe(code);
});

test('REDIRECTED, HTML_BODY and MIGRATION_PENDING answer in place of the API', async () => {
  const sent = await visit(await withFault('REDIRECTED'), '/api/status');
  expect([sent.status, sent.headers.location]).toEqual([302, '/users/login']);
  const page = await visit(await withFault('HTML_BODY'), '/api/status');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers['apipie-checksum']).toBeUndefined();
  expect((await visit(await withFault('MIGRATION_PENDING'), '/api/status')).status).toBe(503);
});

test.each([
  ['TOKEN_REFUSED', 401, 'Unable to authenticate user admin'],
  ['LOCKED_OUT', 401, 'Too many tries, please try again in a few minutes.'],
  ['AUTH_STRIPPED', 401, 'Unable to authenticate user '],
  ['LDAP_DOWN', 500, 'Unable to connect to LDAP server ldap.lab.example:636: Connection refused'],
] as const)('%s refuses a good token while ping answers', async (fault, status, message) => {
  const double = await withFault(fault);
  const seen = await as(double, 'admin', double.credentials.adminToken.token)('/status');
  expect([seen.status, seen.body.error.message]).toEqual([status, message]);
  expect((await visit(double, '/api/ping')).status).toBe(200);
  await double.setFault(fault, false);
  expect((await as(double, 'admin', 'changeme')('/status')).status).toBe(200);
});

test('SESSION_STALE, PERMISSION_MISSING, EMPTY_SCOPE and OLD_RELEASE show in the calls they concern', async () => {
  const stale = await withFault('SESSION_STALE');
  const first = await as(stale, 'admin', 'changeme')('/status');
  const Cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect(first.headers['set-cookie']?.[0]).toContain('; secure');
  expect((await visit(stale, '/api/status', { headers: { Cookie } })).text).toBe('');
  const missing = await withFault('PERMISSION_MISSING');
  expect((await as(missing, 'admin', 'changeme')('/hosts')).status).toBe(403);
  const empty = await withFault('EMPTY_SCOPE');
  expect((await as(empty, 'admin', 'changeme')('/hosts')).body.total).toBe(0);
  const old = await withFault('OLD_RELEASE');
  expect((await as(old, 'admin', 'changeme')('/current_user')).status).toBe(404);
  expect((await as(old, 'admin', 'changeme')('/status')).status).toBe(200);
});

test('plain HTTP on the TLS port is redirected with 301', async () => {
  const double = await startForemanDouble();
  started.push(double);
  const seen = await exchange(double, 'GET /api/status HTTP/1.1\r\nHost: foreman.lan\r\n\r\n', true);
  expect(seen).toMatch(/^HTTP\/1\.1 301 /);
  expect(seen).toContain('Location: https://foreman.lan/api/status\r\n');
});

test('the connection is cut where a test orders it', async () => {
  const double = await startForemanDouble({ http: true });
  started.push(double);
  double.cutConnection({ path: '/hosts', nth: 2 });
  const admin = as(double, 'admin', 'changeme');
  expect((await admin('/hosts')).status).toBe(200);
  expect(await failureCode(admin('/hosts'))).toBe('ECONNRESET');
  expect((await admin('/hosts')).status).toBe(200);
  expect(double.requests.filter((entry) => entry.path === '/api/v2/hosts')).toHaveLength(3);
});

test('every fault says what it does', () => {
  for (const [code, what] of foremanFaults) expect([code, what.length > 10]).toEqual([code, true]);
});
