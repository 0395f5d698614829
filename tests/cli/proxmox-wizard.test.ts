import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProxmoxDesk, proxmoxDesk } from './proxmox-desk.ts';
import { openTerminal, type Terminal } from './pseudo-terminal.ts';

let at: ProxmoxDesk;
const terminals: Terminal[] = [];

beforeEach(async () => {
  at = await proxmoxDesk();
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) terminal.stop();
  await at.close();
});

function wizard(...more: string[]): Terminal {
  const terminal = openTerminal(['proxmox', 'setup', ...more], at.folder);
  terminals.push(terminal);
  return terminal;
}

/** From the start to the question for a credential, the certificate pinned. */
async function upToCredential(terminal: Terminal): Promise<void> {
  await terminal.answers('Continue?', 'yes');
  await terminal.answers('Proxmox host', at.host);
  await terminal.sees('SHA-256');
  await terminal.answers('Number, 1 to 4', '1');
  await terminal.sees('How do you log in?');
}

describe('the wizard on a real terminal', () => {
  test('leads from nothing to a tested .env, asking again for each wrong answer', async () => {
    const { rootToken, rootSeparatedToken } = at.double.credentials;
    await at.file('.env', '# mine\nOTHER="kept as it is"  # why\n');
    const terminal = wizard();
    await terminal.sees('You need:');
    await terminal.answers('Continue?', 'yes');
    await terminal.answers('Proxmox host', 'no-such-host.invalid');
    await terminal.sees(/DNS_(NOT_FOUND|TEMPORARY)/);
    await terminal.answers('Proxmox host', `https://${at.host}/`);
    await terminal.sees(`using 127.0.0.1, port ${at.double.port}`);
    // The certificate, before any credential is asked for.
    await terminal.sees('Issued by');
    await terminal.sees(at.double.fingerprint.slice(0, 47));
    expect(terminal.shown()).not.toContain('Token secret');
    await terminal.answers('Number, 1 to 4', '1');
    await terminal.answers('Number, 1 to 2', '1');

    // Cut by four characters: refused before anything is sent.
    const before = at.double.requests.length;
    await terminal.answers('Proxmox user', 'root@pam');
    await terminal.answers('Token secret', rootToken.full.slice(0, -4));
    await terminal.sees('SECRET_SHAPE');
    expect(at.double.requests).toHaveLength(before);

    // Right, but separated and without a grant; granted in another window, Enter tests again.
    await terminal.answers('Proxmox user', 'root@pam');
    await terminal.answers('Token secret', rootSeparatedToken.full);
    await terminal.sees(`36 characters, ends in ...${rootSeparatedToken.secret.slice(-4)}`);
    await terminal.sees('PRIVSEP_EMPTY');
    await terminal.sees(`pveum acl modify / --tokens '${rootSeparatedToken.tokenid}'`);
    at.double.cluster.acl.push({
      path: '/',
      type: 'token',
      subject: rootSeparatedToken.tokenid,
      role: 'Administrator',
      propagate: true,
    });
    await terminal.answers('Enter for "again"', '');
    await terminal.sees('Proxmox VE 9.2');
    await terminal.sees('Cloud-init');
    await terminal.sees(/9000 +ubuntu-22.04-template +pve +yes +yes/);
    await terminal.sees('✔  clone');
    await terminal.sees('Which node?');
    const passed = terminal.shown();
    expect(passed.slice(passed.indexOf('Proxmox VE 9.2'))).not.toContain('✖');
    // Enter takes the node and the template proposed.
    await terminal.answers('Number, 1 to 2', '');
    await terminal.answers('Template for Ubuntu 22.04', '');
    await terminal.answers('Template for Ubuntu 20.04', 'none');
    await terminal.sees('+ PROXMOX_TOKEN_VALUE=...');
    await terminal.answers('Save to', 'yes');
    await terminal.sees('mode 600');
    expect(await terminal.ended()).toBe(0);

    const text = await at.read('.env');
    expect(text).toContain('# mine\nOTHER="kept as it is"  # why\n');
    for (const line of [
      `PROXMOX_HOST=${at.host}`,
      'PROXMOX_USER=root@pam',
      `PROXMOX_TOKEN_NAME=${rootSeparatedToken.name}`,
      `PROXMOX_TOKEN_VALUE=${rootSeparatedToken.secret}`,
      'PROXMOX_VERIFY_SSL=true',
      `PROXMOX_TLS_FINGERPRINT=${at.double.fingerprint}`,
      'PROXMOX_NODE=pve',
      'UBUNTU_2204_TEMPLATE_ID=9000',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).not.toContain('UBUNTU_2004');
    expect(await at.mode('.env')).toBe(0o600);
    for (const secret of [rootSeparatedToken.secret, rootToken.secret.slice(0, -4)])
      expect(terminal.raw()).not.toContain(secret);

    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('shows all that the decision about trust needs on one screen of 24 lines', async () => {
    const terminal = wizard();
    await terminal.answers('Continue?', 'yes');
    await terminal.answers('Proxmox host', at.host);
    await terminal.sees('Number, 1 to 4');
    await terminal.sees('└');
    const lines = terminal.shown().split('\n');
    const step = lines.slice(lines.findIndex((line) => line.startsWith('Certificate of')));
    for (const part of ['Issued by', 'Valid', 'SHA-256', 'TLS_', '1. Pin', '4. Stop here', 'Number, 1 to 4'])
      expect(step.join('\n')).toContain(part);
    expect(step.length).toBeLessThanOrEqual(24);
    for (const line of step) expect(line.trimEnd().length).toBeLessThanOrEqual(80);

    // Pinned, the same certificate is not shown again.
    await terminal.answers('', '1');
    await terminal.sees('The certificate is the pinned one.');
    expect(terminal.shown().split('Certificate of')).toHaveLength(2);
  });

  test('takes a whole token at the question for the user, and says where its secret stands', async () => {
    const { rootToken } = at.double.credentials;
    const terminal = wizard();
    await upToCredential(terminal);
    await terminal.answers('Number, 1 to 2', '1');
    await terminal.answers('Proxmox user', rootToken.full);
    await terminal.sees('That is a whole token');
    await terminal.sees('secret of 36 characters');
    await terminal.sees('Proxmox VE 9.2');
    expect(terminal.shown()).not.toContain('Token name');
  });

  test('changes from a token to a password, keeps the password exactly, and touches nothing else', async () => {
    const { rootToken } = at.double.credentials;
    const password = 'p#ss "w$rd';
    const root = at.double.cluster.users.get('root@pam');
    if (root !== undefined) root.password = password;
    await at.file(
      '.env',
      `A=1\nPROXMOX_HOST=${at.host}\nPROXMOX_USER=root@pam\nPROXMOX_TOKEN_NAME=glassdome-token\nPROXMOX_TOKEN_VALUE=${rootToken.secret}\nPROXMOX_CA_FILE=ca.pem\nB=2\n`,
    );
    const terminal = wizard();
    await terminal.answers('Continue?', 'yes');
    await terminal.answers('Proxmox host', '');
    await terminal.sees('The certificate is trusted here.');
    await terminal.answers('Number, 1 to 2', '2');
    await terminal.answers('Proxmox user', '');
    await terminal.answers('Password', password);
    await terminal.sees('Proxmox VE 9.2');
    await terminal.answers('Number, 1 to 2', '2');
    await terminal.answers('Template for Ubuntu 22.04', '9000');
    await terminal.answers('Template for Ubuntu 20.04', 'none');
    await terminal.sees('TEMPLATE_OTHER_NODE');
    await terminal.answers('Type "keep"', 'again');
    await terminal.answers('Number, 1 to 2', '1');
    await terminal.answers('Template for Ubuntu 22.04', '');
    await terminal.answers('Template for Ubuntu 20.04', '');
    await terminal.answers('Save to', '');
    expect(await terminal.ended()).toBe(0);
    const text = await at.read('.env');
    expect(text).toContain(`PROXMOX_PASSWORD='${password}'\n`);
    expect(text).not.toContain('PROXMOX_TOKEN');
    expect(text.startsWith('# tessera: this file holds a Proxmox secret in clear (PROXMOX_PASSWORD)')).toBe(
      true,
    );
    expect(text).toMatch(/\nA=1\n/);
    expect(text).toMatch(/\nB=2\n/);
    expect(terminal.raw()).not.toContain(password);
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('takes an authority from a file, and asks again where the file is none', async () => {
    const terminal = wizard();
    await terminal.answers('Continue?', 'yes');
    await terminal.answers('Proxmox host', at.host);
    await terminal.answers('Number, 1 to 4', '2');
    await terminal.sees('/etc/pve/pve-root-ca.pem');
    await terminal.answers('File with the authority', 'nothing-here.pem');
    await terminal.answers('Number, 1 to 4', '2');
    // Nothing is asked of a server that is not trusted, and of one that is only what it tells everybody.
    expect(at.double.requests).toHaveLength(0);
    await terminal.answers('File with the authority', 'ca.pem');
    await terminal.sees('The certificate is trusted here.');
    await terminal.sees('How do you log in?');
    for (const { headers } of at.double.requests) {
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('cookie');
    }
    await terminal.answers('Number, 1 to 2', '1');
    await terminal.answers('Proxmox user', 'root@pam');
    await terminal.answers('Token secret', at.double.credentials.rootToken.full);
    await terminal.answers('Number, 1 to 2', '');
    await terminal.answers('Template for Ubuntu 22.04', '');
    await terminal.answers('Template for Ubuntu 20.04', '');
    await terminal.answers('Save to', 'yes');
    expect(await terminal.ended()).toBe(0);
    const text = await at.read('.env');
    expect(text).toMatch(/^PROXMOX_CA_FILE=.*ca\.pem$/m);
    expect(text).toContain('PROXMOX_VERIFY_SSL=true\n');
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('does without verification only for a typed word, a reason and an end', async () => {
    const { rootToken } = at.double.credentials;
    const terminal = wizard();
    await terminal.answers('Continue?', 'yes');
    await terminal.answers('Proxmox host', at.host);
    await terminal.answers('Number, 1 to 4', '3');
    await terminal.answers('Type unverified', 'yes');
    await terminal.answers('Number, 1 to 4', '3');
    await terminal.answers('Type unverified', 'unverified');
    await terminal.answers('Why', 'a lab on my desk');
    await terminal.answers('Until', '2099-01-01');
    await terminal.answers('Number, 1 to 2', '1');
    await terminal.answers('Proxmox user', rootToken.tokenid);
    await terminal.answers('Token secret', rootToken.secret);
    await terminal.sees('TLS_UNVERIFIED');
    await terminal.answers('Number, 1 to 2', '1');
    await terminal.answers('Template for Ubuntu 22.04', '');
    await terminal.answers('Template for Ubuntu 20.04', '');
    await terminal.answers('Save to', 'yes');
    expect(await terminal.ended()).toBe(0);
    const text = await at.read('.env');
    expect(text).toContain('PROXMOX_VERIFY_SSL=false\n');
    expect(text).toContain("PROXMOX_VERIFY_SSL_REASON='a lab on my desk'\n");
    expect(text).toContain('PROXMOX_VERIFY_SSL_UNTIL=2099-01-01\n');
  });

  test('ends with 1 and writes nothing when it is broken off or saving is declined', async () => {
    const broken = wizard();
    await upToCredential(broken);
    await broken.answers('Number, 1 to 2', '\u0003');
    expect(await broken.ended()).toBe(1);
    const declined = wizard();
    await upToCredential(declined);
    await declined.answers('Number, 1 to 2', '1');
    await declined.answers('Proxmox user', '');
    await declined.answers('Token secret', at.double.credentials.rootToken.full);
    await declined.answers('Number, 1 to 2', '1');
    await declined.answers('Template for Ubuntu 22.04', '');
    await declined.answers('Template for Ubuntu 20.04', '');
    await declined.answers('Save to', 'no');
    expect(await declined.ended()).toBe(1);
    await expect(at.read('.env')).rejects.toThrow('ENOENT');
  });

  test('refuses a file that others can read before it asks anything', async () => {
    await at.file('.env', 'A=1\n', 0o644);
    const terminal = wizard();
    await terminal.sees('chmod 600');
    expect(await terminal.ended()).toBe(1);
    expect(terminal.shown()).not.toContain('Continue?');
  });
});

describe('the wizard without questions', () => {
  const FLAGS = ['proxmox', 'setup', '--non-interactive'];

  test('runs the same checks and writes the same file', async () => {
    const { full, secret } = at.double.credentials.flowToken;
    const done = await at.run([...FLAGS, '--host', at.host, '--ca', 'ca.pem', '--secret-stdin', '--json'], {
      stdin: `${full}\n`,
    });
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ ok: true, verdict: 'healthy' });
    expect(done.stdout + done.stderr).not.toContain(secret);
    expect(await at.read('.env')).toContain('UBUNTU_2004_TEMPLATE_ID=9001\n');
    expect((await at.run(['proxmox', 'test'])).code).toBe(0);
  });

  test('takes everything from the environment', async () => {
    const { user, name, secret } = at.double.credentials.flowToken;
    const env = {
      PROXMOX_HOST: at.host,
      PROXMOX_USER: user,
      PROXMOX_TOKEN_NAME: name,
      PROXMOX_TOKEN_VALUE: secret,
      PROXMOX_TLS_FINGERPRINT: at.double.fingerprint,
    };
    expect((await at.run(FLAGS, { env })).code).toBe(0);
    expect(await at.read('.env')).toContain(`PROXMOX_TOKEN_VALUE=${secret}\n`);
  });

  test.each([
    ['an untrusted certificate', [], 3],
    ['a pin of another certificate', ['--pin', 'AB'.repeat(32)], 3],
    ['a node that does not exist', ['--ca', 'ca.pem', '--node', 'pve9'], 5],
    ['a template that does not exist', ['--ca', 'ca.pem', '--ubuntu-2204', '4711'], 5],
  ])('writes nothing for %s', async (_, more, exit) => {
    const { full } = at.double.credentials.flowToken;
    const refused = await at.run([...FLAGS, '--host', at.host, '--secret-stdin', ...more], { stdin: full });
    expect(refused.code).toBe(exit);
    await expect(at.read('.env')).rejects.toThrow('ENOENT');
  });

  test('refuses a symbolic link, and a file that git would track', async () => {
    const { execFileSync } = await import('node:child_process');
    const { symlinkSync } = await import('node:fs');
    const { full } = at.double.credentials.flowToken;
    const words = [...FLAGS, '--host', at.host, '--ca', 'ca.pem', '--secret-stdin'];
    symlinkSync('elsewhere', `${at.folder}/link.env`);
    const linked = await at.run([...words, '--env', 'link.env'], { stdin: full });
    expect(linked).toMatchObject({ code: 1 });
    expect(linked.stderr).toContain('symbolic link');
    execFileSync('git', ['init', '-q'], { cwd: at.folder });
    const tracked = await at.run(words, { stdin: full });
    expect(tracked).toMatchObject({ code: 1 });
    expect(tracked.stderr).toContain('.gitignore');
    expect(at.double.requests).toHaveLength(0);
  });
});
