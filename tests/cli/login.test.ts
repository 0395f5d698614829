import { chmod, lstat, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aToken, type FakeServer, me, problem, SESSION, startFake } from './fake-server.ts';
import { type Desk, KEPT_TOKEN, openDesk } from './harness.ts';

let desk: Desk;
let server: FakeServer;

beforeEach(async () => {
  desk = await openDesk();
  server = await startFake();
});
afterEach(async () => {
  await server.close();
  await desk.clear();
});

test('a login by password keeps the session in a file that only its owner can read', async () => {
  server.on('POST /api/v1/sessions', { status: 201, body: SESSION });
  const run = await desk.run(['login', server.url, '--username', 'alice', '--password-stdin'], {
    stdin: 'correct horse battery\n',
  });
  expect(run).toMatchObject({ code: 0, stdout: '' });
  expect(run.stderr).toContain(`Logged in to ${server.url} as alice`);
  expect(run.stderr).not.toContain('canary');
  expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
    username: 'alice',
    password: 'correct horse battery',
    delivery: 'token',
  });
  const { mode } = await stat(desk.profileFile);
  expect(mode & 0o777).toBe(0o600);
  expect(await readFile(desk.profileFile, 'utf8')).toContain(SESSION.token);
});

test('on a terminal the name and the password are asked for', async () => {
  server.on('POST /api/v1/sessions', { status: 201, body: SESSION });
  const run = await desk.run(['login', server.url], { answers: ['alice', 'correct horse battery'] });
  expect(run.code).toBe(0);
  expect(desk.asked).toEqual(['User name?', 'Password of alice?']);
});

test('without a terminal a missing password is a usage error that says how to give it', async () => {
  const run = await desk.run(['login', server.url, '--username', 'alice']);
  expect(run.code).toBe(2);
  expect(run.stderr).toBe(
    'error: There is no terminal to ask for the password on.\nGive it with --password-file FILE or --password-stdin.\n',
  );
});

test('a tilde that the shell left in --token-file= means the home folder', async () => {
  server.on('GET /api/v1/me', { body: me() });
  await writeFile(join(desk.home, 'token'), 'tsr-from-file\n');
  const run = await desk.run(['login', server.url, '--method=token', '--token-file=~/token']);
  expect(run.code).toBe(0);
  expect(server.seen[0]?.authorization).toBe('Bearer tsr-from-file');
});

test('a token on the command line works and brings a warning about the shell history', async () => {
  server.on('GET /api/v1/me', { body: me() });
  const run = await desk.run(['login', server.url, '--method=token', '--token=tsr-argument-canary']);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('warning: a token on the command line stays in the shell history');
  expect(run.stdout + run.stderr).not.toContain('canary');
});

test('a token that the server refuses is not remembered', async () => {
  server.on('GET /api/v1/me', problem(401, 'token_expired', 'The token expired on 2026-01-01.'));
  const run = await desk.run(['login', server.url, '--token-stdin'], { stdin: 'tsr-old' });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('error: The token expired on 2026-01-01.');
  await expect(stat(desk.profileFile)).rejects.toThrow('ENOENT');
});

test('an address without http or https is a usage error that shows the whole address', async () => {
  const run = await desk.run(['login', 'localhost:8001']);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('http://localhost:8001');
});

test('a second login leaves the profile of the first server in place', async () => {
  server.on('GET /api/v1/me', { body: me() });
  await desk.logIn('http://127.0.0.1:9');
  await desk.run(['login', server.url, '--token-stdin'], { stdin: 'tsr-second' });
  const book = JSON.parse(await readFile(desk.profileFile, 'utf8'));
  expect(Object.keys(book.profiles)).toEqual(['http://127.0.0.1:9', server.url]);
  expect(book.current).toBe(server.url);
});

test('logging out of a session revokes it on the server and forgets it', async () => {
  server.on('DELETE /api/v1/sessions/current', { status: 204 });
  await desk.logIn(server.url);
  const run = await desk.run(['logout']);
  expect(run.code).toBe(0);
  expect(server.seen[0]).toMatchObject({ method: 'DELETE', authorization: `Bearer ${KEPT_TOKEN}` });
  expect(await readFile(desk.profileFile, 'utf8')).not.toContain('canary');
});

test('logging out with a personal token tells the server nothing, and says that the token is still good', async () => {
  await desk.logIn(server.url, 'token');
  const run = await desk.run(['logout']);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('It is still good');
  expect(server.seen).toEqual([]);
  expect(await readFile(desk.profileFile, 'utf8')).not.toContain('canary');
});

test('a session the server does not know any more is forgotten all the same', async () => {
  server.on('DELETE /api/v1/sessions/current', problem(401, 'token_revoked', 'It was revoked.'));
  await desk.logIn(server.url);
  expect(await desk.run(['logout'])).toMatchObject({ code: 0 });
});

test('a session is kept when the server cannot be told, unless --forget asks for it', async () => {
  await desk.logIn(server.url);
  await server.close();
  const kept = await desk.run(['logout']);
  expect(kept.code).toBe(1);
  expect(kept.stderr).toContain('nothing listens there');
  expect(await readFile(desk.profileFile, 'utf8')).toContain(KEPT_TOKEN);
  expect(await desk.run(['logout', '--forget'])).toMatchObject({ code: 0 });
  expect(await readFile(desk.profileFile, 'utf8')).not.toContain(KEPT_TOKEN);
});

test('a profile that others can read is refused with the command that closes it', async () => {
  await desk.logIn(server.url);
  await chmod(desk.profileFile, 0o640);
  const run = await desk.run(['whoami']);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`chmod 600 '${desk.profileFile}'`);
  expect(server.seen).toEqual([]);
});

test('a profile that is no JSON is a sentence, not a trace', async () => {
  await desk.logIn(server.url);
  await writeFile(desk.profileFile, '{"version": 1,');
  const run = await desk.run(['whoami']);
  expect(run.code).toBe(1);
  expect(run.stderr.split('\n')).toHaveLength(3);
});

test('TESSERA_URL and TESSERA_TOKEN go before the profile, which is then not even read', async () => {
  await desk.logIn('http://127.0.0.1:9');
  await chmod(desk.profileFile, 0o644);
  server.on('GET /api/v1/me', { body: me() });
  const env = { TESSERA_URL: `${server.url}/`, TESSERA_TOKEN: 'tsr-environment' };
  const run = await desk.run(['whoami'], { env });
  expect(run.code).toBe(0);
  expect(server.seen[0]?.authorization).toBe('Bearer tsr-environment');
});

test('a profile that is a link stays one, and what it points to is changed', async () => {
  server.on('GET /api/v1/me', { body: me() });
  await desk.logIn('http://127.0.0.1:9');
  const elsewhere = join(desk.home, 'dotfiles.json');
  await rename(desk.profileFile, elsewhere);
  await symlink(elsewhere, desk.profileFile);
  await desk.run(['login', server.url, '--token-stdin'], { stdin: 'tsr-linked' });
  expect((await lstat(desk.profileFile)).isSymbolicLink()).toBe(true);
  expect(await readFile(elsewhere, 'utf8')).toContain('tsr-linked');
});

test('TESSERA_CONFIG_DIR says where the profile is', async () => {
  server.on('GET /api/v1/me', { body: me() });
  const folder = join(desk.home, 'elsewhere');
  const env = { TESSERA_CONFIG_DIR: folder };
  await desk.run(['login', server.url, '--token-stdin'], { stdin: 'tsr-elsewhere', env });
  expect(await readFile(join(folder, 'profiles.json'), 'utf8')).toContain('tsr-elsewhere');
});

test('the first administrator is made with the secret and the password that were typed, and is logged in', async () => {
  server.on('GET /api/v1/setup', { body: { open: true } });
  server.on('POST /api/v1/setup', { status: 201, body: SESSION });
  const answers = ['tsr-bootstrap', 'alice', 'correct horse battery', 'correct horse battery'];
  const run = await desk.run(['setup', server.url], { answers });
  expect(run.code).toBe(0);
  expect(server.seen[1]).toMatchObject({
    authorization: 'Bearer tsr-bootstrap',
    body: JSON.stringify({ username: 'alice', password: 'correct horse battery' }),
  });
  expect(await readFile(desk.profileFile, 'utf8')).toContain(SESSION.token);
});

test('two passwords that differ make nobody', async () => {
  server.on('GET /api/v1/setup', { body: { open: true } });
  const answers = ['tsr-bootstrap', 'alice', 'correct horse battery', 'correct house battery'];
  const run = await desk.run(['setup', server.url], { answers });
  expect(run).toMatchObject({ code: 1, stderr: 'error: The two passwords differ.\nTry again.\n' });
  expect(server.lines()).toEqual(['GET /api/v1/setup']);
});

test('a server that has an administrator asks nothing and points to login', async () => {
  server.on('GET /api/v1/setup', { body: { open: false } });
  const run = await desk.run(['setup', server.url], { answers: [] });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`tessera login ${server.url}`);
});

test('two secrets cannot both come from standard input', async () => {
  const run = await desk.run(['setup', server.url, '--secret-stdin', '--password-stdin'], { stdin: 'x' });
  expect(run.code).toBe(2);
  expect(server.seen).toEqual([]);
});

test('whoami shows user, server, token and what it allows', async () => {
  server.on('GET /api/v1/me', { body: me(aToken({ name: 'laptop' })) });
  await desk.logIn(server.url);
  const run = await desk.run(['whoami']);
  for (const part of ['alice', server.url, 'laptop (user)', 'user:token']) expect(run.stdout).toContain(part);
  const json = await desk.run(['whoami', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ server: server.url, username: 'alice' });
});
