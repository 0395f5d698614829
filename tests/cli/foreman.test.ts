import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { openProfiles } from '../../src/cli/profiles.ts';
import { type ForemanDouble, startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Circumstances, type Desk, type Outcome, openDesk } from './harness.ts';

let server: TestServer;
let foreman: ForemanDouble;
let desk: Desk;
let folder: string;
let ca: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  foreman = await startForemanDouble();
  desk = await openDesk();
  folder = await mkdtemp(join(tmpdir(), 'tessera-foreman-'));
  ca = join(folder, 'ca.pem');
  await writeFile(ca, foreman.ca);
  await openProfiles({}, desk.home).remember(server.url, {
    username: 'admin',
    kind: 'session',
    token: new Secret(server.admin),
    expiresAt: null,
  });
});
afterEach(async () => {
  for (const { id } of (await server.call('GET', '/api/v1/connections', { token: server.admin })).json.items)
    await server.call('DELETE', `/api/v1/connections/${id}`, { token: server.admin });
  await foreman.close();
  await desk.clear();
  await rm(folder, { recursive: true });
});

const run = (argv: readonly string[], circumstances: Circumstances = {}): Promise<Outcome> =>
  desk.run(argv, { now: new Date().toISOString(), ...circumstances });

const createLab = (token: string, ...more: string[]): Promise<Outcome> =>
  run(['foreman', 'create', '--name', 'lab', '--url', foreman.url, '--token', token, ...more]);

/** A configuration as the guide makes it; answers its id. */
async function configured(...more: string[]): Promise<string> {
  const token = `admin:${foreman.credentials.administrator.password}`;
  const made = await createLab(token, '--ca', ca, ...more);
  expect(made.stderr).not.toContain(foreman.credentials.administrator.password);
  const id = /\(([0-9a-f-]{36})\)/.exec(made.stdout)?.[1];
  if (id === undefined) throw new Error(made.stderr);
  return id;
}

/** The last column of the only configuration. */
const verified = async () =>
  /\s(yes|no)$/m.exec((await run(['foreman', 'list'], { columns: 160 })).stdout)?.[1];

describe('a Foreman configuration', () => {
  test('is made, listed, tested, changed and deleted as the guide writes it', async () => {
    const id = await configured();
    expect((await run(['foreman', 'list'])).stdout).toContain(id);
    const tested = await run(['foreman', 'test', id]);
    expect(tested.stdout).toContain(`Successfully connected to ${foreman.url}`);
    expect(tested.code).toBe(0);
    const renamed = await run(['foreman', 'update', id, '--name', 'basement']);
    expect(renamed.stdout).toContain(`Updated Foreman configuration basement (${id})`);
    const gone = await run(['foreman', 'delete', id]);
    expect(gone.stderr).toContain('Deleted Foreman configuration basement');
    expect((await run(['foreman', 'delete', id])).code).toBe(1);
  });

  test('is found well, or not, by the command and by the API alike', async () => {
    const id = await configured();
    const both = async () => {
      const { code, stdout } = await run(['foreman', 'test', id, '--json']);
      const { json } = await server.call('GET', `/api/foreman/configs/${id}/test`, { token: server.admin });
      return { code, command: JSON.parse(stdout), api: json };
    };
    const well = await both();
    expect(well).toMatchObject({ code: 0, command: { ok: true }, api: { status: 'success' } });
    expect(well.api.foreman_version).toBe(well.command.version);
    await run(['foreman', 'update', id, '--username', 'admin', '--token', 'not-the-password']);
    const ill = await both();
    expect(ill).toMatchObject({ command: { ok: false }, api: { status: 'error', reason: 'auth' } });
    expect(ill.code).toBeGreaterThan(0);
    // The second of the two does not ask again with what was refused; it says so, and the verdict is the same.
    expect(ill.api.message).toMatch(/^Authentication failed: /);
  });

  test('is shown on a screen that is too narrow for its line as a block, nothing of it cut', async () => {
    const id = await configured();
    const { stdout } = await run(['foreman', 'list'], { outputIsTerminal: true });
    expect(stdout).toBe(
      `ID          ${id}\nName        lab\nURL         ${foreman.url}\nUsername    admin\nSSL Verify  yes\n`,
    );
  });

  test('is made by the words of the guide as they stand, and found by its name', async () => {
    const made = await run([
      'foreman',
      'create',
      '--name',
      'Production Foreman',
      '--url',
      'https://foreman.example.com',
      '--token',
      'username:your_personal_access_token',
      '--verify-ssl',
    ]);
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toMatch(/^Created Foreman configuration Production Foreman \([0-9a-f-]{36}\)$/m);
    expect(made.stdout + made.stderr).not.toContain('your_personal_access_token');
    const [config] = JSON.parse((await run(['foreman', 'list', '--json'])).stdout);
    expect(config).toMatchObject({
      name: 'Production Foreman',
      origin: 'https://foreman.example.com',
      identity: 'username',
      trust: { mode: 'system' },
    });
  });

  test('takes login and token apart as well', async () => {
    const { password } = foreman.credentials.administrator;
    const apart = ['--username', 'admin', '--token', password];
    const made = await run([
      'foreman',
      'create',
      '-n',
      'lab',
      '-u',
      foreman.url,
      ...apart,
      '--ca',
      ca,
      '--json',
    ]);
    expect(JSON.parse(made.stdout)).toMatchObject({ name: 'lab', identity: 'admin' });
  });

  test('takes a token that begins with a hyphen for its value', async () => {
    const token = '-Abcdefghijklmnopqrstw';
    for (const words of [['--token', token], [`--token=${token}`]]) {
      const made = await run([
        'foreman',
        'create',
        '--name',
        `h${words.length}`,
        '--url',
        foreman.url,
        '--username',
        'admin',
        ...words,
      ]);
      expect(made.code).toBe(0);
      expect(made.stderr).not.toContain('SECRET_SHAPE');
    }
  });

  test('refuses another login in front of the token than the one given', async () => {
    const words = ['--username', 'admin', '--token', 'reader:Abcdefghijklmnopqrstuw'];
    const refused = await run(['foreman', 'create', '--name', 'lab', '--url', foreman.url, ...words]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('another login');
  });

  test('says both ways to give a login when there is none', async () => {
    const refused = await createLab('Abcdefghijklmnopqrstuw');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--username');
    expect(refused.stderr).toContain('login:token');
  });

  test.each([
    [['--verify-ssl'], 'yes'],
    [['--verify-ssl', 'true'], 'yes'],
    [['--verify-ssl=1'], 'yes'],
    [['--verify-ssl', 'no'], 'no'],
    [['--verify-ssl=false'], 'no'],
    [['--no-verify-ssl'], 'no'],
  ])('verifies as %j says', async (words, verifies) => {
    const token = 'admin:Abcdefghijklmnopqrstuw';
    const made = await createLab(token, ...words);
    expect(made.code).toBe(0);
    expect(made.stderr.includes('Warning')).toBe(verifies === 'no');
    expect(await verified()).toBe(verifies);
  });

  test('leaves verification alone in an update that does not name it', async () => {
    const token = 'admin:Abcdefghijklmnopqrstuw';
    const made = await createLab(token, '--no-verify-ssl', '--json');
    const { id } = JSON.parse(made.stdout);
    await run(['foreman', 'update', id, '--name', 'other']);
    expect(await verified()).toBe('no');
    const back = await run(['foreman', 'update', '--verify-ssl', id]);
    expect(back.code).toBe(0);
    expect(await verified()).toBe('yes');
  });

  test('that trusts nobody known fails at the certificate with exit code 3', async () => {
    const token = 'admin:Abcdefghijklmnopqrstuw';
    await run(['foreman', 'create', '--name', 'lab', '--url', foreman.url, '--token', token]);
    const tested = await run(['foreman', 'test', 'lab']);
    expect(tested.code).toBe(3);
    expect(tested.stdout).toContain('Connection failed');
  });

  test('with a wrong token fails with exit code 4 and a diagnosis in JSON', async () => {
    const token = 'admin:Abcdefghijklmnopqrstuw';
    await run(['foreman', 'create', '--name', 'lab', '--url', foreman.url, '--token', token, '--ca', ca]);
    const tested = await run(['foreman', 'test', 'lab', '--json']);
    expect(tested.code).toBe(4);
    const [finding] = JSON.parse(tested.stdout).findings;
    expect(finding).toMatchObject({ code: 'FOREMAN_LOGIN_REFUSED', probe: 'P7' });
    expect(finding.fix).toContain('tessera foreman token create');
  });
});

describe('behind a configuration', () => {
  test('hosts are listed, searched, shown and counted', async () => {
    const id = await configured();
    const all = await run(['foreman', 'hosts', id, '--json']);
    expect(all.stderr).toBe('');
    const hosts: { name: string }[] = JSON.parse(all.stdout);
    expect(hosts).toHaveLength(foreman.foreman.hosts.size);
    const [first] = hosts;
    const name = first?.name ?? '';
    const table = await run(['foreman', 'hosts', '--config-id', id, '--search', `name = ${name}`]);
    expect(table.stdout).toContain('Hostgroup');
    expect(table.stdout.split('\n').filter((line) => /^\d/.test(line))).toHaveLength(1);
    expect((await run(['foreman', 'show', name])).stdout).toContain(name);
    expect((await run(['foreman', 'refresh', '--id', id])).stdout).toContain(`${hosts.length} hosts`);
  });

  test('hosts go into a pipe one whole line each, and onto a screen within its 80 columns', async () => {
    const id = await configured();
    const names = [...foreman.foreman.hosts.values()].map((host) => host.name);
    const piped = (await run(['foreman', 'hosts', id])).stdout.trimEnd().split('\n').slice(2);
    expect(piped.map((line) => line.split(/\s+/)[1])).toEqual(names);
    const screen = (await run(['foreman', 'hosts', id], { outputIsTerminal: true })).stdout.split('\n');
    for (const line of screen) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('hypervisors, parameters and facts are listed', async () => {
    const id = await configured();
    const hypervisors = await run(['foreman', 'hypervisors', '-i', id, '--json']);
    expect(JSON.parse(hypervisors.stdout).length).toBeGreaterThan(0);
    const [first] = JSON.parse((await run(['foreman', 'hosts', '--json'])).stdout);
    for (const what of ['puppet-parameters', 'puppet-facts'])
      expect(await run(['foreman', what, first.name])).toMatchObject({ code: 0, stderr: '' });
    const classes = await run(['foreman', 'puppet-classes', first.name, '--json']);
    expect(JSON.parse(classes.stdout)).toMatchObject([
      { module: 'apache', name: 'apache' },
      { module: 'apache', name: 'apache::mod::ssl' },
      { module: 'ntp', name: 'ntp' },
    ]);
    const found = await run(['foreman', 'puppet-classes', first.name, '--search', 'ssl']);
    expect(found.stdout).toContain('apache::mod::ssl');
    expect(found.stdout).not.toContain('ntp');
  });

  test('without any configuration the command says how to make one', async () => {
    const refused = await run(['foreman', 'hosts']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('tessera foreman create');
  });
});

describe('a token of Foreman', () => {
  test('is made from a name and a password used once, printed once, listed and revoked', async () => {
    await configured();
    const { password } = foreman.credentials.administrator;
    const made = await run(
      [
        'foreman',
        'token',
        'create',
        '--user',
        'admin',
        '--name',
        'ci',
        '--expires',
        '90d',
        '--password-stdin',
      ],
      { stdin: password },
    );
    expect(made.stdout).toMatch(/^admin:[A-Za-z0-9_-]{22}\n$/);
    expect(`${made.stdout}${made.stderr}`).not.toContain(password);
    const listed = JSON.parse((await run(['foreman', 'token', 'list', '--json'])).stdout);
    const token = listed.find((each: { name: string }) => each.name === 'ci');
    expect(token).toMatchObject({ active: true });
    expect(token.expires_at).not.toBeNull();
    const revoked = await run(['foreman', 'token', 'revoke', token.id, '--yes']);
    expect(revoked.stderr).toContain('Revoked');
    const after = JSON.parse((await run(['foreman', 'token', 'list', '--json'])).stdout);
    expect(after.find((each: { name: string }) => each.name === 'ci')).toMatchObject({ active: false });
  });

  test('goes into the configuration with --store and is not shown', async () => {
    await configured();
    const { password } = foreman.credentials.administrator;
    const made = await run(
      ['foreman', 'token', 'create', '--user', 'admin', '--name', 'kept', '--store', '--password-stdin'],
      { stdin: password },
    );
    expect(made.code).toBe(0);
    expect(made.stdout).toBe('');
    expect((await run(['foreman', 'test', 'lab'])).code).toBe(0);
  });
});
