import { afterEach, beforeEach, expect, test } from 'vitest';
import { aToken, type FakeServer, me, problem, startFake } from './fake-server.ts';
import { type Desk, openDesk } from './harness.ts';

let desk: Desk;
let server: FakeServer;

beforeEach(async () => {
  desk = await openDesk();
  server = await startFake();
  await desk.logIn(server.url);
});
afterEach(async () => {
  await server.close();
  await desk.clear();
});

const sent = (at = 0) => JSON.parse(server.seen[at]?.body ?? '{}');
const created = () =>
  server.on('POST /api/v1/tokens', { status: 201, body: { token: 'tsr-new', details: aToken() } });

test('a new secret stands alone on standard output and the remarks elsewhere', async () => {
  created();
  const run = await desk.run(['token', 'create', 'ci']);
  expect(run).toMatchObject({ code: 0, stdout: 'tsr-new\n' });
  expect(run.stderr).toContain("Token 'ci' of alice, good until 2026-12-23 (UTC)");
});

test('as JSON the secret is under the key token', async () => {
  created();
  for (const flags of [['--json'], ['-t', 'json'], ['--format-type=json']]) {
    const run = await desk.run(['token', 'set', 'ci', ...flags]);
    expect(JSON.parse(run.stdout)).toMatchObject({ token: 'tsr-new', details: { name: 'ci' } });
  }
});

test('without an end of life a token lives until 31 days from today in UTC', async () => {
  created();
  await desk.run(['token', 'create', 'ci'], { now: '2026-11-22T23:59:59Z' });
  expect(sent()).toEqual({ name: 'ci', expires_at: '2026-12-23' });
});

test('the long and the short words of other clients mean the same here', async () => {
  created();
  const long = ['--expires-at', '2027-01-01', '--description', 'd', '--roles', 'a', 'b', '--user', 'bob'];
  await desk.run(['token', 'create', 'ci', ...long]);
  await desk.run(['token', 'set', '-e', '2027-01-01', '-d', 'd', '-r', 'a', '-r', 'b', '-u', 'bob', 'ci']);
  expect(sent(0)).toEqual({
    name: 'ci',
    expires_at: '2027-01-01',
    description: 'd',
    roles: ['a', 'b'],
    user: 'bob',
  });
  expect(sent(1)).toEqual(sent(0));
});

test('scopes are taken one after the other, repeated, or with commas', async () => {
  created();
  await desk.run(['token', 'create', 'ci', '--expires-in', '90d', '--scopes', 'a:x', 'b:x,c:x', '-s', 'd:x']);
  expect(sent()).toEqual({ name: 'ci', expires_in: '90d', scopes: ['a:x', 'b:x', 'c:x', 'd:x'] });
});

test.each([
  [['--expires-at', '2026-02-30'], "--expires-at: '2026-02-30' is not a date."],
  [['--expires-at', 'tomorrow'], "--expires-at: 'tomorrow' is not a date."],
  [['--expires-in', '90'], "--expires-in: '90' is not a duration."],
  [['--expires-in', '1d', '-e', '2027-01-01'], 'The end of life is given more than once.'],
])('an end of life as %j is a usage error, and nothing is sent', async (flags, message) => {
  const run = await desk.run(['token', 'create', 'ci', ...flags]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(`error: ${message}\n`);
  expect(server.seen).toEqual([]);
});

test('a list goes through all pages', async () => {
  server.on('GET /api/v1/tokens', ({ target }) => ({
    body: target.includes('cursor=next')
      ? { items: [aToken({ name: 'second' })], next_cursor: null }
      : { items: [aToken({ name: 'first' })], next_cursor: 'next' },
  }));
  const run = await desk.run(['token', 'list']);
  expect(run.stdout).toMatch(/first.*second/s);
});

test('an empty list says what to do next, and is an empty array as JSON', async () => {
  server.on('GET /api/v1/tokens', { body: { items: [], next_cursor: null } });
  expect(await desk.run(['token', 'list'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'No tokens yet. Make one: tessera token create NAME\n',
  });
  expect(await desk.run(['token', 'list', '--json'])).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
});

test('a table keeps to 80 columns and loses no word', async () => {
  const description = 'Nightly backup of everything that matters, with an averyveryveryverylongwordinside it';
  server.on('GET /api/v1/tokens', {
    body: { items: [aToken({ description, roles: ['one', 'two', 'three', 'four'] })], next_cursor: null },
  });
  const run = await desk.run(['token', 'list'], { outputIsTerminal: true });
  expect(Math.max(...run.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const word of ['Nightly', 'matters,', 'one,', 'four']) expect(run.stdout).toContain(word);
  expect(run.stdout).not.toContain('…');
});

test('a table into a pipe has one whole line for each thing', async () => {
  const description = 'Nightly backup of everything that matters, and of more than goes into 80 columns';
  const items = ['one', 'two'].map((name) => aToken({ name, description }));
  server.on('GET /api/v1/tokens', { body: { items, next_cursor: null } });
  const { stdout } = await desk.run(['token', 'list']);
  expect(stdout.split('\n').filter((line) => line.includes(description))).toHaveLength(2);
  expect(stdout.trimEnd().split('\n')).toHaveLength(4);
});

test('a column of prose without a word is left out', async () => {
  server.on('GET /api/v1/tokens', { body: { items: [aToken()], next_cursor: null } });
  expect((await desk.run(['token', 'list'])).stdout).not.toContain('Description');
});

test('text from others cannot steer the terminal', async () => {
  const description = 'calm\u001b[2Jstorm\u009b31m\rover';
  server.on('GET /api/v1/tokens', { body: { items: [aToken({ description })], next_cursor: null } });
  server.on(
    'DELETE /api/v1/tokens/AAAAAAAAAAAAAAAAAAAAAA',
    problem(403, 'forbidden', 'no\u001b]0;owned\u0007'),
  );
  const list = await desk.run(['token', 'list']);
  const refused = await desk.run(['token', 'delete', 'ci', '--yes']);
  for (const text of [list.stdout, refused.stderr]) expect(text).not.toMatch(/[\u001b\u009b\u0007\r]/);
});

test('colours are for terminals, and NO_COLOR takes them away there too', async () => {
  server.on('GET /api/v1/me', { body: me() });
  const coloured = /\u001b\[/;
  expect((await desk.run(['whoami'])).stdout).not.toMatch(coloured);
  expect((await desk.run(['whoami'], { outputIsTerminal: true })).stdout).toMatch(coloured);
  const env = { NO_COLOR: '1' };
  expect((await desk.run(['whoami'], { outputIsTerminal: true, env })).stdout).not.toMatch(coloured);
});

test('a token is revoked by its name, after a yes', async () => {
  server.on('GET /api/v1/tokens', {
    body: { items: [aToken({ name: 'ci-2', id: 'B'.repeat(22) }), aToken()], next_cursor: null },
  });
  server.on('DELETE /api/v1/tokens/AAAAAAAAAAAAAAAAAAAAAA', { body: { revoked: ['A', 'B', 'C'] } });
  const run = await desk.run(['token', 'revoke', 'ci'], { answers: [true] });
  expect(run).toMatchObject({
    code: 0,
    stderr: "Revoked the token 'ci' of alice and 2 tokens made from it.\n",
  });
  expect(desk.asked).toEqual(["Revoke the token 'ci' of alice? What uses it stops working."]);
});

test('a no revokes nothing', async () => {
  server.on('GET /api/v1/tokens', { body: { items: [aToken()], next_cursor: null } });
  const run = await desk.run(['token', 'delete', 'ci'], { answers: [false] });
  expect(run).toMatchObject({ code: 1, stderr: 'error: Nothing was changed.\n' });
  expect(server.lines()).toEqual(['GET /api/v1/tokens?search=ci&state=active']);
});

test('without a terminal what destroys insists on --yes', async () => {
  server.on('GET /api/v1/tokens', { body: { items: [aToken()], next_cursor: null } });
  const destructive = [
    ['token', 'delete', 'ci'],
    ['user', 'delete', 'bob'],
    ['user', 'disable', 'bob'],
    ['user', 'role', 'remove', 'bob', 'admin'],
    ['role', 'delete', 'ops'],
    ['scope', 'delete', 'write:x'],
  ];
  for (const argv of destructive) {
    const run = await desk.run(argv);
    expect(run, argv.join(' ')).toMatchObject({ code: 2, stderr: expect.stringContaining('Add --yes.') });
  }
  expect(server.seen.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('a token is also found by its id', async () => {
  const id = 'Z'.repeat(22);
  const token = { ...aToken({ id, name: 'other' }), effective_scopes: ['read:x'], children: [] };
  server.on(`GET /api/v1/tokens/${id}`, { body: token });
  const run = await desk.run(['token', 'show', id]);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/Allows now\s+read:x/);
});

test('of several tokens of one name the living one is meant', async () => {
  const dead = aToken({ id: 'D'.repeat(22), state: 'revoked' });
  server.on('GET /api/v1/tokens', { body: { items: [dead, aToken()], next_cursor: null } });
  server.on('GET /api/v1/tokens/AAAAAAAAAAAAAAAAAAAAAA/history', { body: { items: [] } });
  expect(await desk.run(['token', 'history', 'ci', '--json'])).toMatchObject({ code: 0, stdout: '[]\n' });
});

test('a secret pasted in place of a name goes nowhere', async () => {
  const secret = `tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`;
  const run = await desk.run(['token', 'delete', secret, '--yes']);
  expect(run.code).toBe(2);
  expect(run.stderr).not.toContain('bbb');
  expect(server.seen).toEqual([]);
});

test('an unknown name points to the list', async () => {
  server.on('GET /api/v1/tokens', { body: { items: [], next_cursor: null } });
  const run = await desk.run(['token', 'show', 'gone']);
  expect(run).toMatchObject({
    code: 1,
    stderr: "error: There is no token named 'gone'.\nSee: tessera token list\n",
  });
});

test('exchanging prints the signed token alone', async () => {
  server.on('POST /oauth/token', {
    body: {
      access_token: 'a.b.c',
      issued_token_type: 'x',
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'read:x',
    },
  });
  const run = await desk.run(['token', 'exchange', '--scopes', 'read:x', '--audience', 'shop']);
  expect(run).toMatchObject({ code: 0, stdout: 'a.b.c\n' });
  expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toMatchObject({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    scope: 'read:x',
    audience: 'shop',
  });
});

test('a service token is revoked by the name of its bot as long as it has one only', async () => {
  const one = aToken({ username: 'bot-m', type: 'service', name: null, scopes: ['write:x'] });
  server.on('GET /api/v1/tokens', { body: { items: [one], next_cursor: null } });
  server.on(`DELETE /api/v1/tokens/${one.id}`, { body: { revoked: [one.id] } });
  expect(await desk.run(['service-token', 'revoke', 'bot-m', '--yes'])).toMatchObject({ code: 0 });
  const two = { ...one, id: 'B'.repeat(22) };
  server.on('GET /api/v1/tokens', { body: { items: [one, two], next_cursor: null } });
  const refused = await desk.run(['service-token', 'revoke', 'bot-m', '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(two.id);
});

test('a service token without scopes is a usage error', async () => {
  expect(await desk.run(['service-token', 'create', 'bot-m'])).toMatchObject({ code: 2 });
  expect(server.seen).toEqual([]);
});
