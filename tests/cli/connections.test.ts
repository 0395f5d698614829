import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { openProfiles } from '../../src/cli/profiles.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Circumstances, Outcome } from './harness.ts';
import { type ProxmoxDesk, proxmoxDesk } from './proxmox-desk.ts';

let server: TestServer;
let at: ProxmoxDesk;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  at = await proxmoxDesk();
  await openProfiles({}, at.desk.home).remember(server.url, {
    username: 'admin',
    kind: 'session',
    token: new Secret(server.admin),
    expiresAt: null,
  });
});
afterEach(async () => {
  for (const { id } of (await server.call('GET', '/api/v1/connections', { token: server.admin })).json.items)
    await server.call('DELETE', `/api/v1/connections/${id}`, { token: server.admin });
  await at.close();
});

const run = (argv: readonly string[], circumstances: Circumstances = {}): Promise<Outcome> =>
  at.run(argv, circumstances);

async function connected(name = 'lab'): Promise<void> {
  const words = ['connection', 'create', name, '--kind', 'proxmox', '--url', `https://${at.host}`];
  const made = await run([...words, '--ca', at.ca, '--secret-stdin'], {
    stdin: at.double.credentials.flowToken.full,
  });
  expect(made.stderr).toContain(`Created connection ${name}`);
  expect(made.stdout + made.stderr).not.toContain(at.double.credentials.flowToken.secret);
}

const codes = (stdout: string): string[] =>
  JSON.parse(stdout).findings.map((finding: { code: string }) => finding.code);

describe('a connection', () => {
  test('is stored, listed, shown, tested, renamed and deleted', async () => {
    await connected();
    expect((await run(['connection', 'list'])).stdout).toContain('maker@pve!flow');
    expect((await run(['connection', 'show', 'lab'])).stdout).toContain('token of maker@pve!flow');
    const tested = await run(['connection', 'test', 'lab', '--for', 'clone-vm']);
    expect(tested.code).toBe(0);
    expect(tested.stdout).toContain('Verdict: OK');
    expect((await run(['connection', 'rename', 'lab', 'attic'])).code).toBe(0);
    expect((await run(['connection', 'delete', 'attic', '--yes'])).stderr).toContain(
      'Deleted connection attic',
    );
    expect((await run(['connection', 'show', 'attic'])).code).toBe(1);
  });

  test('whose check fails is not stored', async () => {
    const words = [
      'connection',
      'create',
      'lab',
      '--kind',
      'proxmox',
      '--url',
      `https://${at.host}`,
      '--secret-stdin',
    ];
    const refused = await run(words, { stdin: at.double.credentials.flowToken.full });
    expect(refused.code).toBe(1);
    expect((await run(['connection', 'list', '--json'])).stdout).toBe('[]\n');
  });

  test('shows nodes, templates and rights to the commands of Proxmox VE', async () => {
    await connected();
    const ON = ['--connection', 'lab'];
    expect((await run(['proxmox', 'nodes', ...ON])).stdout).toMatch(/pve2\s+online/);
    expect((await run(['proxmox', 'templates', ...ON])).stdout).toContain('ubuntu-20.04-template');
    expect((await run(['proxmox', 'permissions', '--for', 'clone-vm', ...ON])).code).toBe(0);
    expect((await run(['proxmox', 'permissions', '--for', 'terraform', ...ON])).code).toBe(5);
    expect((await run(['proxmox', 'test', ...ON])).code).toBe(0);
    expect((await run(['proxmox', 'test', ...ON, '--env', '.env'])).code).toBe(2);
  });

  test('stops at a changed certificate until the new one is pinned', async () => {
    await connected();
    expect((await run(['proxmox', 'trust', '--connection', 'lab', '--pin', '--yes'])).code).toBe(0);
    await at.double.setFault('TLS_CHANGED', true);
    const tested = await run(['connection', 'test', 'lab', '--json']);
    expect(tested.code).toBe(3);
    expect(codes(tested.stdout)).toContain('TLS_CHANGED');
    expect((await run(['connection', 'trust', 'lab', '--pin', '--yes'])).code).toBe(3);
    expect((await run(['connection', 'trust', 'lab', '--replace', '--yes'])).code).toBe(0);
    expect((await run(['connection', 'test', 'lab'])).code).toBe(0);
  });

  test('gets a token made, renewed and revoked without the secret ever leaving the server', async () => {
    await connected();
    const admin = { stdin: at.double.credentials.root.password };
    const ADMIN = ['--connection', 'lab', '--admin', 'root@pam', '--admin-password-stdin'];
    const made = await run(['proxmox', 'token', 'create', '--save', ...ADMIN], admin);
    expect(made.code).toBe(0);
    expect(made.stdout).toBe('');
    expect((await run(['connection', 'show', 'lab'])).stdout).toContain('tessera@pve!api');
    expect((await run(['proxmox', 'token', 'rotate', ...ADMIN], admin)).code).toBe(0);
    expect((await run(['connection', 'test', 'lab'])).code).toBe(0);
    expect((await run(['proxmox', 'token', 'revoke', '--yes', ...ADMIN], admin)).code).toBe(0);
    const [secret] = [...(at.double.cluster.users.get('tessera@pve')?.tokens.values() ?? [])];
    expect(secret).toBeUndefined();
  });

  test('is made by the wizard without questions, and renewed by it under the same name', async () => {
    const words = [
      'proxmox',
      'setup',
      '--non-interactive',
      '--host',
      at.host,
      '--ca',
      'ca.pem',
      '--secret-stdin',
      '--store',
      'lab',
    ];
    for (const token of [at.double.credentials.flowToken, at.double.credentials.rootToken]) {
      expect((await run(words, { stdin: token.full })).code).toBe(0);
      expect((await run(['connection', 'show', 'lab'])).stdout).toContain(token.tokenid);
    }
  });
});

describe('the doctor', () => {
  test('finds nothing on healthy connections', async () => {
    await connected();
    const doctor = await run(['doctor']);
    expect(doctor.code).toBe(0);
    expect(doctor.stdout).toMatch(/lab\s+proxmox\s+healthy/);
  });

  test('names code, probe, evidence and fix of what is wrong, and ends with the code of the layer', async () => {
    await connected();
    await connected('other');
    await at.double.setFault('PRIVSEP_EMPTY', true);
    const doctor = await run(['doctor', 'lab', '--json']);
    expect(doctor.code).toBe(5);
    const { findings } = JSON.parse(doctor.stdout);
    expect(findings[0]).toMatchObject({ connection: 'lab', code: 'PRIVSEP_EMPTY', probe: 'P8' });
    for (const part of ['evidence', 'sentence', 'fix']) expect(findings[0][part]).not.toBe('');
    const table = await run(['doctor']);
    expect(table.stdout).toContain('other');
    expect(table.stdout).toContain('pveum acl modify');
  });

  test('raises an event when a credential is refused, which can be seen and acknowledged', async () => {
    await connected();
    await at.double.setFault('SECRET_WRONG', true);
    expect((await run(['doctor'])).code).toBe(4);
    const events = JSON.parse((await run(['connection', 'events', '--json'])).stdout);
    const refused = events.find((event: { kind: string }) => event.kind === 'credential_refused');
    expect(refused).toBeDefined();
    expect((await run(['connection', 'events', '--acknowledge', String(refused.id)])).code).toBe(0);
    const open = JSON.parse((await run(['connection', 'events', 'lab', '--json'])).stdout);
    expect(open.map((event: { id: number }) => event.id)).not.toContain(refused.id);
  });
});

describe('keys and backups', () => {
  test('sealed values are wrapped anew until none is left', async () => {
    await connected();
    const rotated = await run(['keys', 'rotate', '--json']);
    expect(rotated.code).toBe(0);
    expect(JSON.parse(rotated.stdout)).toMatchObject({ remaining: 0, failed: [] });
  });

  test('a copy is made, verified, and brought back into an empty place where every secret opens', async () => {
    await connected();
    const file = join(at.folder, 'copy.tessera');
    // The key of the server these tests run against.
    const env = { TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const made = await run(['backup', 'create', file, '--data-dir', server.database.folder], { env });
    expect(made.stderr).toContain('Backup written');
    expect(await at.read('copy.tessera')).not.toContain(at.double.credentials.flowToken.secret);
    const empty = ['--data-dir', join(at.folder, 'empty')];
    expect((await run(['backup', 'verify', file, ...empty], { env })).stdout).toMatch(/Verdict\s+in order/);
    const restored = await run(['backup', 'restore', file, '--yes', ...empty], { env });
    expect(restored.stderr).toContain('Restored');
    const again = join(at.folder, 'again.tessera');
    await run(['backup', 'create', again, ...empty], { env });
    const checked = JSON.parse((await run(['backup', 'verify', again, ...empty, '--json'], { env })).stdout);
    expect(checked).toMatchObject({ intact: true, chainIntact: true });
    expect(checked.sealed.values).toBeGreaterThan(0);
    expect(checked.sealed.opened).toBe(checked.sealed.values);
    // A place that is not empty any more.
    expect((await run(['backup', 'restore', file, '--yes', ...empty], { env })).code).toBe(1);
  });

  test('a copy that was changed, or whose key is not at hand, is not in order', async () => {
    await connected();
    const file = join(at.folder, 'copy.tessera');
    const data = ['--data-dir', join(at.folder, 'empty')];
    const env = { TESSERA_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    await run(['backup', 'create', file, '--data-dir', server.database.folder], { env });
    const other = { TESSERA_MASTER_KEY: Buffer.alloc(32, 8).toString('base64') };
    const keyless = await run(['backup', 'verify', file, ...data], { env: other });
    expect(keyless).toMatchObject({ code: 1 });
    expect(keyless.stdout).toContain('NOT IN ORDER');
    const text = await at.read('copy.tessera');
    expect(text).toContain('maker@pve');
    await at.file('bad.tessera', text.replace('maker@pve', 'taker@pve'));
    expect((await run(['backup', 'verify', 'bad.tessera', ...data], { env })).code).toBe(1);
    const refused = await run(['backup', 'restore', 'bad.tessera', '--yes', ...data], { env });
    expect(refused.code).toBe(1);
  });

  test('a backup is not written over a file', async () => {
    await at.file('there', 'x');
    const refused = await run(['backup', 'create', 'there', '--data-dir', server.database.folder]);
    expect(refused.code).toBe(1);
    expect(await at.read('there')).toBe('x');
  });
});
