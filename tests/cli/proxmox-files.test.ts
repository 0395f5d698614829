import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProxmoxDesk, proxmoxDesk } from './proxmox-desk.ts';

let at: ProxmoxDesk;

beforeEach(async () => {
  at = await proxmoxDesk();
});
afterEach(() => at.close());

const secretOf = (): string => at.double.credentials.rootToken.secret;

/** The guide's file with a token, as somebody writes it by hand. */
const byHand = (more = ''): string => `# Proxmox Configuration
PROXMOX_HOST=${at.host}
PROXMOX_USER=root@pam
PROXMOX_TOKEN_NAME=glassdome-token
PROXMOX_TOKEN_VALUE=${secretOf()}
PROXMOX_VERIFY_SSL=false
PROXMOX_NODE=pve

# Template IDs
UBUNTU_2204_TEMPLATE_ID=9000
UBUNTU_2004_TEMPLATE_ID=9001
${more}`;

const tfvars = (more: Record<string, string> = {}): string =>
  Object.entries({
    proxmox_api_url: `"https://${at.host}/api2/json"`,
    proxmox_api_token_id: '"root@pam!glassdome-token"',
    proxmox_api_token_secret: `"${secretOf()}"`,
    proxmox_user: '"root@pam"',
    proxmox_password: `"${at.double.credentials.root.password}"`,
    proxmox_tls_insecure: 'true',
    proxmox_node: '"pve"',
    vm_template_id: '9000',
    ...more,
  })
    .map(([name, value]) => `${name} = ${value} # as in the guide\n`)
    .join('');

const codes = (stdout: string): string[] =>
  JSON.parse(stdout).findings.map((finding: { code: string }) => finding.code);

describe('tessera proxmox test', () => {
  test("accepts the guide's file with a token, and warns that nothing is verified", async () => {
    await at.file('.env', byHand());
    const tested = await at.run(['proxmox', 'test']);
    expect(tested.code).toBe(0);
    for (const text of [
      'pve2',
      'ubuntu-22.04-template',
      'root@pam!glassdome-token',
      'TLS_UNVERIFIED',
      'Verdict: OK',
    ])
      expect(tested.stdout).toContain(text);
    expect(tested.stdout + tested.stderr).not.toContain(secretOf());
    expect(at.double.requests.every((request) => request.method === 'GET')).toBe(true);
  });

  test("accepts the guide's file with a password", async () => {
    const { password } = at.double.credentials.root;
    const text = byHand().replace(
      /PROXMOX_TOKEN_NAME=.*\nPROXMOX_TOKEN_VALUE=.*/,
      `PROXMOX_PASSWORD=${password}`,
    );
    await at.file('.env', text);
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(tested.code).toBe(0);
    expect(JSON.parse(tested.stdout)).toMatchObject({ identity: 'root@pam', method: 'password' });
    expect(tested.stdout).not.toContain(password);
  });

  test('says which method terraform chooses and why, and that the password is ignored', async () => {
    const file = await at.file('terraform.tfvars', tfvars());
    const tested = await at.run(['proxmox', 'test', '--tfvars', file, '--json']);
    expect(tested.code).toBe(0);
    const { credential, facts } = JSON.parse(tested.stdout);
    expect(facts.rights.lines.length).toBeGreaterThan(10);
    expect(facts.rights.lines.every((line: { held: boolean }) => line.held)).toBe(true);
    expect(credential).toContain('because proxmox_api_token_id is set; proxmox_password is ignored');
    expect(facts.rights).toMatchObject({ task: 'terraform', missing: [] });
  });

  test('finds the password in use where the token id was emptied', async () => {
    const file = await at.file('terraform.tfvars', tfvars({ proxmox_api_token_id: '""' }));
    const tested = await at.run(['proxmox', 'test', '--tfvars', file, '--json']);
    expect(codes(tested.stdout)).toContain('METHOD_SURPRISE');
    expect(JSON.parse(tested.stdout).identity).toBe('root@pam');
  });

  test('explains that no password is tried when the token fails', async () => {
    const file = await at.file(
      'terraform.tfvars',
      tfvars({ proxmox_api_token_secret: '"11111111-2222-3333-4444-555555555555"' }),
    );
    const tested = await at.run(['proxmox', 'test', '--tfvars', file, '--json']);
    expect(tested.code).toBe(4);
    expect(codes(tested.stdout)).toContain('FALLBACK_MYTH');
    expect(at.double.requests.some((request) => request.method === 'POST')).toBe(false);
  });

  test.each([
    ['PROXMOX_PASSWORD', 'word #tail', 'ENV_PARSE'],
    ['PROXMOX_NODE', 'pve\nPROXMOX_NODE=pve', 'ENV_PARSE'],
    ['PROXMOX_TOKEN_VALUE', 'your-secret-here', 'PLACEHOLDER'],
    ['PROXMOX_TOKEN_VALUE', 'abc', 'SECRET_SHAPE'],
    ['PROXMOX_TOKEN_NAME', 'x', 'TOKEN_ID_SHAPE'],
  ])('notices %s=%s', async (key, value, code) => {
    const text = byHand(key === 'PROXMOX_PASSWORD' ? 'PROXMOX_PASSWORD=old\n' : '');
    await at.file('.env', text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`));
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(codes(tested.stdout)).toContain(code);
  });

  test('reads a value between quotes with a hash in it as it is', async () => {
    const text = byHand().replace(
      /PROXMOX_TOKEN_NAME=.*\nPROXMOX_TOKEN_VALUE=.*/,
      `PROXMOX_PASSWORD='p #ss'`,
    );
    await at.file('.env', text);
    const root = at.double.cluster.users.get('root@pam');
    if (root !== undefined) root.password = 'p #ss';
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('ends with 2 where settings are missing, and says which', async () => {
    const nothing = await at.run(['proxmox', 'test']);
    expect(nothing).toMatchObject({ code: 2 });
    expect(nothing.stderr).toContain('PROXMOX_HOST');
    expect((await at.run(['proxmox', 'test', '--env', 'none.env'])).code).toBe(2);
    await at.file('bad.tfvars', 'x = var.y\n');
    const bad = await at.run(['proxmox', 'test', '--tfvars', 'bad.tfvars']);
    expect(bad).toMatchObject({ code: 2 });
    expect(bad.stderr).toContain('line 1');
  });

  test.each([
    ['TLS_SELF_SIGNED', 3],
    ['PRODUCT_WRONG', 3],
    ['PROXY_BAD', 3],
    ['REFUSED', 3],
    ['USER_DISABLED', 4],
    ['SECRET_WRONG', 4],
    ['TOKEN_EXPIRED', 4],
    ['AUTH_STRIPPED', 4],
    ['PRIVSEP_EMPTY', 5],
    ['PRIV_MISSING', 5],
    ['ACL_NO_PROPAGATE', 5],
    ['NODE_UNKNOWN', 5],
    ['TEMPLATE_MISSING', 5],
    ['TEMPLATE_LXC', 5],
    ['TEMPLATES_NONE', 5],
  ] as const)('shows %s with probe, evidence and fix, and ends with %i', async (fault, exit) => {
    await at.close();
    at = await proxmoxDesk({ release: '7' });
    const { flowToken } = at.double.credentials;
    const text = byHand()
      .replace(
        /PROXMOX_USER=.*\nPROXMOX_TOKEN_NAME=.*\nPROXMOX_TOKEN_VALUE=.*/,
        `PROXMOX_USER=${flowToken.user}\nPROXMOX_TOKEN_NAME=${flowToken.name}\nPROXMOX_TOKEN_VALUE=${flowToken.secret}`,
      )
      .replace('PROXMOX_VERIFY_SSL=false', 'PROXMOX_CA_FILE=ca.pem');
    await at.file('.env', text);
    await at.double.setFault(fault, true);
    const tested = await at.run(['proxmox', 'test', '--json']);
    const found = JSON.parse(tested.stdout).findings.find(
      (finding: { code: string }) => finding.code === fault,
    );
    expect(found, tested.stdout).toBeDefined();
    for (const part of ['probe', 'evidence', 'sentence', 'fix']) expect(found[part]).not.toBe('');
    expect(tested.code).toBe(exit);
  });

  test('names the gaps of the nine privileges, and what this release no longer knows', async () => {
    const { nineToken } = at.double.credentials;
    await at.file('.env', byHand());
    const flags = [
      '--privileges',
      'VM.Allocate,VM.Config.Disk,VM.Config.Memory,VM.Config.Network,VM.Config.Options,VM.Monitor,VM.PowerMgmt,Datastore.Allocate,SDN.Use',
    ];
    const listed = await at.run(['proxmox', 'permissions', '--for', 'clone-vm', ...flags, '--json']);
    expect(listed.code).toBe(5);
    const report = JSON.parse(listed.stdout);
    for (const privilege of ['VM.Clone', 'VM.Audit', 'VM.Config.CPU', 'Datastore.AllocateSpace'])
      expect(report.missing).toContain(privilege);
    expect(report.obsolete).toEqual(['VM.Monitor']);
    expect(report.fix.join('\n')).toContain('pveum role modify');
    const nine = byHand()
      .replace('root@pam', nineToken.user)
      .replace('glassdome-token', nineToken.name)
      .replace(secretOf(), nineToken.secret);
    await at.file('nine.env', nine);
    const tested = await at.run([
      'proxmox',
      'test',
      '--env',
      'nine.env',
      '--json',
      '--privileges',
      'VM.Monitor',
    ]);
    expect(codes(tested.stdout)).toEqual(expect.arrayContaining(['PRIV_MISSING', 'PRIV_OBSOLETE']));
  });

  test("narrows a hidden refusal down with the owner's password, given once", async () => {
    await at.file('.env', byHand().replace(secretOf(), '11111111-2222-3333-4444-555555555555'));
    const hidden = await at.run(['proxmox', 'test', '--json']);
    expect(codes(hidden.stdout)).toContain('AUTH_OPAQUE');
    const password = await at.file('password', at.double.credentials.root.password);
    const told = await at.run(['proxmox', 'test', '--json', '--owner-password-file', password]);
    expect(codes(told.stdout)).toContain('SECRET_WRONG');
  });
});

describe('lists', () => {
  test('nodes and templates', async () => {
    await at.file('.env', byHand());
    expect((await at.run(['proxmox', 'nodes'])).stdout).toMatch(/pve\s+online/);
    expect((await at.run(['proxmox', 'templates'])).stdout).toMatch(
      /9000\s+ubuntu-22.04-template\s+pve\s+yes\s+yes/,
    );
  });

  test('tell no template from templates that may not be seen', async () => {
    await at.file('.env', byHand());
    await at.double.setFault('TEMPLATES_NONE', true);
    const none = await at.run(['proxmox', 'templates']);
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('qm template');
  });
});

describe('tessera proxmox trust', () => {
  test('pins the certificate shown, and keeps the decision in .env', async () => {
    await at.file('.env', byHand('# mine\n'));
    const pinned = await at.run(['proxmox', 'trust', '--pin', at.double.fingerprint, '--yes']);
    expect(pinned.code).toBe(0);
    const text = await at.read('.env');
    expect(text).toContain(`PROXMOX_TLS_FINGERPRINT=${at.double.fingerprint}`);
    expect(text).toContain('PROXMOX_VERIFY_SSL=true');
    expect(text).toContain('# mine\n');
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(codes(tested.stdout)).not.toContain('TLS_UNVERIFIED');
  });

  test('takes an authority only if it vouches for the certificate', async () => {
    await at.file('.env', byHand());
    expect((await at.run(['proxmox', 'trust', '--ca', 'ca.pem', '--yes'])).code).toBe(0);
    expect(await at.read('.env')).toContain('PROXMOX_CA_FILE=');
    const other = await proxmoxDesk();
    const wrong = await at.run(['proxmox', 'trust', '--ca', other.ca, '--yes', '--env', `${at.folder}/.env`]);
    await other.close();
    process.chdir(at.folder);
    expect(wrong.code).toBe(3);
  });

  test('stops at a changed certificate until it is replaced on purpose', async () => {
    await at.file('.env', byHand());
    await at.run(['proxmox', 'trust', '--pin', '--yes']);
    const before = at.double.requests.length;
    await at.double.setFault('TLS_CHANGED', true);
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(tested.code).toBe(3);
    expect(codes(tested.stdout)).toContain('TLS_CHANGED');
    expect(at.double.requests).toHaveLength(before);
    expect((await at.run(['proxmox', 'trust', '--pin', '--yes'])).code).toBe(3);
    expect((await at.run(['proxmox', 'trust', '--replace', '--yes'])).code).toBe(0);
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('refuses a fingerprint that is not the one shown', async () => {
    await at.file('.env', byHand());
    const refused = await at.run(['proxmox', 'trust', '--pin', 'AA'.repeat(32), '--yes']);
    expect(refused).toMatchObject({ code: 3 });
    expect(await at.read('.env')).toBe(byHand());
  });
});

describe('tessera proxmox token', () => {
  const admin = () => ({ stdin: at.double.credentials.root.password });
  const ADMIN = ['--admin', 'root@pam', '--admin-password-stdin'];

  test('makes user, role, separated token and grants; the secret is shown once, alone', async () => {
    await at.file('.env', byHand());
    const made = await at.run(['proxmox', 'token', 'create', ...ADMIN], admin());
    expect(made.stdout).toMatch(/^tessera@pve!api=[0-9a-f-]{36}\n$/);
    expect(made.stderr).toContain('role TesseraVM');
    expect(made.stdout + made.stderr).not.toContain(at.double.credentials.root.password);
    expect(await at.read('.env')).toBe(byHand());
  });

  test('goes into .env with --save, works, is rotated there and in tfvars, and is revoked', async () => {
    await at.file('.env', byHand('# mine\n').replace('PROXMOX_VERIFY_SSL=false', 'PROXMOX_CA_FILE=ca.pem'));
    const made = await at.run(['proxmox', 'token', 'create', '--save', ...ADMIN], admin());
    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
    expect((await at.run(['terraform', 'export'])).code).toBe(0);
    const [envBefore, tfvarsBefore] = [await at.read('.env'), await at.read('terraform.tfvars')];
    const old = /PROXMOX_TOKEN_VALUE=(.*)/.exec(envBefore)?.[1] ?? '';
    const rotated = await at.run(['proxmox', 'token', 'rotate', ...ADMIN], admin());
    expect(rotated.code).toBe(0);
    const fresh = /PROXMOX_TOKEN_VALUE=(.*)/.exec(await at.read('.env'))?.[1] ?? '';
    expect(fresh).not.toBe(old);
    expect(await at.read('.env')).toBe(envBefore.replace(old, fresh));
    expect(await at.read('terraform.tfvars')).toBe(tfvarsBefore.replace(old, fresh));
    expect(rotated.stdout + rotated.stderr).not.toContain(fresh);
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
    await at.file('old.env', envBefore);
    expect((await at.run(['proxmox', 'test', '--env', 'old.env'])).code).toBe(4);
    const revoked = await at.run(['proxmox', 'token', 'revoke', '--yes', ...ADMIN], admin());
    expect(revoked.code).toBe(0);
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(tested.code).toBe(4);
    expect(codes(tested.stdout)).toContain('AUTH_OPAQUE');
  });

  test('keeps its id, or gets a new one with the same grants where the release cannot regenerate', async () => {
    await at.close();
    at = await proxmoxDesk({ release: '7' });
    await at.file('.env', byHand());
    await at.run(['proxmox', 'token', 'create', '--save', ...ADMIN], admin());
    const rotated = await at.run(['proxmox', 'token', 'rotate', ...ADMIN], admin());
    expect(rotated.code).toBe(0);
    expect(await at.read('.env')).toContain('PROXMOX_TOKEN_NAME=api-r2');
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
    await at.run(['proxmox', 'token', 'revoke', '--yes', ...ADMIN], admin());
    const tested = await at.run(['proxmox', 'test', '--json']);
    expect(codes(tested.stdout)).toContain('TOKEN_UNKNOWN');
    expect(tested.code).toBe(4);
  });

  test('is not rotated when the file could not take the new secret', async () => {
    await at.file('.env', byHand(), 0o644);
    const refused = await at.run(['proxmox', 'token', 'rotate', ...ADMIN], admin());
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('chmod 600');
    expect(at.double.requests).toHaveLength(0);
  });
});

describe('tessera terraform export', () => {
  test('writes values of mode 600 and prints a provider block without a secret', async () => {
    await at.file('.env', byHand());
    const exported = await at.run(['terraform', 'export']);
    expect(exported.stdout).toContain('provider "proxmox"');
    expect(exported.stdout + exported.stderr).not.toContain(secretOf());
    expect(await at.mode('terraform.tfvars')).toBe(0o600);
    const tested = await at.run(['proxmox', 'test', '--tfvars', 'terraform.tfvars']);
    expect(tested.code).toBe(0);
  });

  test('writes lines that a real shell takes, whatever the password is', async () => {
    const password = `p#ss "w$rd' \`x\` \\`;
    const quoted = `"${password.replace(/["\\]/g, '\\$&')}"`;
    await at.file('.env', `PROXMOX_HOST=pve.lan\nPROXMOX_PASSWORD=${quoted}\n`);
    const exported = await at.run(['terraform', 'export', '--format', 'env']);
    expect(exported.code).toBe(0);
    const heard = execFileSync('sh', ['-c', '. ./terraform.env; printf %s "$TF_VAR_proxmox_password"'], {
      cwd: at.folder,
      encoding: 'utf8',
    });
    expect(heard).toBe(password);
  });

  test('refuses where git would track the secret, or does already', async () => {
    await at.file('.env', byHand());
    execFileSync('git', ['init', '-q'], { cwd: at.folder });
    const would = await at.run(['terraform', 'export']);
    expect(would).toMatchObject({ code: 1 });
    expect(would.stderr).toContain('.gitignore');
    await at.file('.gitignore', 'terraform.tfvars\n');
    expect((await at.run(['terraform', 'export'])).code).toBe(0);
    execFileSync('git', ['add', '-f', 'terraform.tfvars'], { cwd: at.folder });
    const tracked = await at.run(['terraform', 'export']);
    expect(tracked.stderr).toContain('git tracks');
    expect(tracked.code).toBe(1);
  });
});
