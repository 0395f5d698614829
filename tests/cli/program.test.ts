import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandDescription } from '../../src/cli/description.ts';
import { COMMANDS } from '../../src/cli/descriptions/commands.ts';
import { type FakeServer, problem, startFake } from './fake-server.ts';
import { type Desk, openDesk } from './harness.ts';

const execute = promisify(execFile);

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

function everyPath(commands: readonly CommandDescription[], before: readonly string[] = []): string[][] {
  return commands.flatMap((command) => [
    [...before, command.name],
    ...everyPath(command.commands ?? [], [...before, command.name]),
  ]);
}

test('every command explains itself within 80 columns', async () => {
  for (const path of [[], ...everyPath(COMMANDS)]) {
    const run = await desk.run([...path, '--help']);
    expect(run, path.join(' ')).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Usage: tessera');
    for (const line of run.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  }
});

test('help is also a command, for every command', async () => {
  const asked = await desk.run(['help', 'login']);
  expect(asked).toEqual(await desk.run(['login', '--help']));
  expect(asked.code).toBe(0);
  expect(await desk.run([])).toEqual(await desk.run(['help']));
});

test('every command of the table can be loaded', async () => {
  const load = async (commands: readonly CommandDescription[]): Promise<void> => {
    for (const command of commands) {
      if (command.load !== undefined) expect((await command.load()).run, command.name).toBeTypeOf('function');
      await load(command.commands ?? []);
    }
  };
  await load(COMMANDS);
});

test.each([
  [['tokne'], "Unknown command 'tokne'.", 'Did you mean token?'],
  [['token', 'creat', 'x'], "Unknown command 'creat'.", 'Did you mean create?'],
  [['token', 'list', '--usr', 'x'], "Unknown option '--usr'.", 'Did you mean --user?'],
  [['token'], "'tessera token' wants a command after it.", 'See: tessera token --help'],
  [['token', 'create'], "Missing required argument 'name'.", 'See: tessera token create --help'],
])('%j is a usage error in two lines', async (argv, message, fix) => {
  expect(await desk.run(argv)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n${fix}\n` });
});

test('a refusal is its message and its remedy, and nothing else', async () => {
  server.on(
    'GET /api/v1/roles',
    problem(403, 'insufficient_scope', 'admin:token is needed.', { fix: 'Ask.' }),
  );
  expect(await desk.run(['role', 'list'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: admin:token is needed.\nAsk.\n',
  });
});

test('a refusal without a remedy of its own gets the usual one', async () => {
  server.on('GET /api/v1/roles', problem(401, 'token_revoked', 'The token was revoked.'));
  expect((await desk.run(['role', 'list'])).stderr).toBe(
    'error: The token was revoked.\nLog in again, or with another token: tessera login\n',
  );
});

test('somebody who is not logged in is told how to', async () => {
  const run = await desk.run(['token', 'list', '--server', 'https://other.example']);
  expect(run.stderr).toBe(
    'error: You are not logged in to https://other.example.\nLog in: tessera login https://other.example\n',
  );
});

test('the audit trail is printed oldest first and with JSON as an array', async () => {
  server.on('GET /api/v1/audit', { body: { items: [row(2), row(1)], next_cursor: null } });
  const run = await desk.run(['audit', '--since', '2h', '--actor', 'alice']);
  expect(run.stdout).toMatch(/subject-1.*subject-2/s);
  expect(server.lines()[0]).toBe('GET /api/v1/audit?actor=alice&since=2026-11-22T19%3A00%3A00.000Z&limit=50');
  const json = JSON.parse((await desk.run(['audit', '--json'])).stdout);
  expect(json.map((each: { seq: number }) => each.seq)).toEqual([1, 2]);
});

test('following the audit trail prints each new row once, until it is ended', async () => {
  server.on('GET /api/v1/audit', ({ target }) => {
    const after = new URL(target, 'http://x').searchParams.get('after_seq');
    const items = after === null ? [row(1)] : after === '1' ? [row(2)] : after === '2' ? [row(3)] : [];
    return { body: { items, next_cursor: null } };
  });
  const end = new AbortController();
  const run = await desk.run(['audit', '--follow', '--interval', '0.01', '--json'], {
    signal: end.signal,
    onOutput: (text) => text.includes('"seq":3') && end.abort(),
  });
  expect(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).seq),
  ).toEqual([1, 2, 3]);
});

test('a trail that is not intact is a failure that names the rows', async () => {
  const faults = [{ kind: 'edited', seq: 7, message: 'the chain does not fit' }];
  server.on('POST /api/v1/audit/verify', { body: { intact: false, rows: 9, faults } });
  const run = await desk.run(['audit', 'verify']);
  expect(run).toMatchObject({ code: 1, stdout: 'row 7: edited: the chain does not fit\n' });
  expect(run.stderr).toContain('error: The audit trail is not intact: 1 fault in 9 rows.');
});

test('updating a user changes the entry, then gives roles, then takes roles', async () => {
  server.on('PUT /api/v1/users/bob%40x/roles/a', { body: {} });
  server.on('DELETE /api/v1/users/bob%40x/roles/b', { status: 204 });
  server.on('PATCH /api/v1/users/bob%40x', { body: {} });
  const argv = ['user', 'update', 'bob@x', '--email', '', '--add-roles', 'a', '--remove-roles', 'b'];
  expect(await desk.run(argv)).toMatchObject({ code: 0 });
  expect(server.lines()).toEqual([
    'PATCH /api/v1/users/bob%40x',
    'PUT /api/v1/users/bob%40x/roles/a',
    'DELETE /api/v1/users/bob%40x/roles/b',
  ]);
  expect(server.seen[0]?.body).toBe('{"email":null}');
});

test('a password is set from a file', async () => {
  await writeFile(join(desk.home, 'password'), 'correct horse battery\n');
  server.on('GET /api/v1/me', { body: { username: 'alice', user: null } });
  server.on('PUT /api/v1/users/bob/password', { status: 204 });
  const run = await desk.run(['user', 'password', 'bob', '--password-file', '~/password']);
  expect(run.code).toBe(0);
  expect(server.seen[1]?.body).toBe('{"password":"correct horse battery"}');
});

test('a snippet asks the server at hand', async () => {
  const run = await desk.run(['guard', 'snippet', 'nginx', '--scope', 'write:sasquatch']);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain(server.url.replace('http://', 'server '));
  expect(run.stdout).toContain('/ingress/auth?scope=write:sasquatch');
});

test('a double that cannot be had is a usage error that names the choices', async () => {
  const fault = await desk.run(['double', 'proxmox', '--fault', 'nonsense']);
  expect(fault.code).toBe(2);
  expect(fault.stderr).toMatch(/^error: --fault: 'nonsense' is not known\nOne of: /);
  expect(await desk.run(['double', 'proxmox', '--release', '5'])).toMatchObject({ code: 2 });
  expect(await desk.run(['double', 'proxmox', '--port', 'x'])).toMatchObject({ code: 2 });
});

test('a bootstrap token is well formed and never the same', async () => {
  const made = await Promise.all([1, 2].map(() => desk.run(['bootstrap-token'])));
  for (const run of made) expect(run.stdout).toMatch(/^gt-[\w-]{22}\.[\w-]{22}\n$/);
  expect(made[0]?.stdout).not.toBe(made[1]?.stdout);
});

test('bash completes commands, aliases, options and choices', async () => {
  const { stdout: script } = await desk.run(['completion', 'bash']);
  const file = join(desk.home, 'completion.bash');
  const complete = async (...words: string[]): Promise<string[]> => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _tessera; echo "\${COMPREPLY[@]}"`;
    await writeFile(file, `${script}\n${ask}\n`);
    return (await execute('bash', [file])).stdout.trim().split(' ');
  };
  expect(await complete('tessera', 'tok')).toEqual(['token']);
  expect(await complete('tessera', 'token', 're')).toEqual(['revoke']);
  expect(await complete('tessera', 'token', 'create', 'ci', '--exp')).toEqual([
    '--expires-at',
    '--expires-in',
  ]);
  expect(await complete('tessera', 'guard', 'snippet', 'n')).toEqual(['nginx']);
  expect(await complete('tessera', 'user', 'role', '')).toEqual(['add', 'remove']);
});

test('zsh and fish scripts name every command', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await desk.run(['completion', shell]);
    for (const path of everyPath(COMMANDS)) expect(stdout).toContain(path.at(-1));
  }
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  for (const argv of [['version'], ['--version'], ['-V']])
    expect(await desk.run(argv)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('the program itself passes arguments in and the exit code out', async () => {
  const program = ['--import', 'tsx', 'src/cli/main.ts'];
  const env = { ...process.env, HOME: desk.home, TESSERA_CONFIG_DIR: '', XDG_CONFIG_HOME: '' };
  server.on('GET /api/v1/scopes', { body: { items: [] } });
  const done = await execute(process.execPath, [...program, 'scope', 'list', '--json'], { env });
  expect(done.stdout).toBe('[]\n');
  await expect(execute(process.execPath, [...program, 'scop'], { env })).rejects.toMatchObject({ code: 2 });
});

function row(seq: number) {
  return {
    seq,
    at: '2026-11-22T20:00:00Z',
    action: 'token.created',
    actor: 'alice',
    token: null,
    address: '127.0.0.1',
    subject: `subject-${seq}`,
    route: null,
    method: null,
    path: null,
    status: null,
    detail: {},
  };
}
