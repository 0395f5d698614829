import { describe, expect, test } from 'vitest';
import { readProxmoxCredential } from './credential.ts';

const SECRET = '4f2e8a0c-1234-4abc-9def-0123456789ab';

function read(input: Parameters<typeof readProxmoxCredential>[0]) {
  const result = readProxmoxCredential(input);
  if (!result.ok) return { fault: result.error.fields?.[0]?.field };
  const { credential, findings } = result.value;
  return {
    method: credential.method,
    identity: credential.identity,
    secret: credential.secret.reveal(),
    codes: findings.map((finding) => finding.code),
  };
}

const good = { method: 'token', identity: 'root@pam!glassdome-token', secret: SECRET, codes: [] };

describe('a pasted credential', () => {
  test.each([
    { secret: `root@pam!glassdome-token=${SECRET}` },
    { secret: ` "root@pam!glassdome-token=${SECRET}"\n` },
    { secret: `PVEAPIToken=root@pam!glassdome-token=${SECRET}` },
    { secret: `Authorization: PVEAPIToken=root@pam!glassdome-token=${SECRET}` },
    {
      secret: `-H 'Authorization: PVEAPIToken=root@pam!glassdome-token=${SECRET}'`
        .replace(/^-H |'$/g, '')
        .slice(1),
    },
    { secret: `root%40pam%21glassdome-token%3D${SECRET}` },
    { secret: `\u200broot@pam!glassdome-token\u200b=${SECRET}\ufeff` },
    { user: 'root@pam', name: 'glassdome-token', secret: SECRET },
    { user: 'root@pam', name: '!glassdome-token', secret: ` ${SECRET} ` },
    { user: 'root@pam', name: 'root@pam!glassdome-token', secret: SECRET },
    { user: 'root@pam', name: `root@pam!glassdome-token=${SECRET}`, secret: '' },
    { user: 'someone@pve', name: 'other', secret: `root@pam!glassdome-token=${SECRET}` },
    { user: 'root@pam', name: 'glassdome-token', secret: `glassdome-token=${SECRET}` },
    { user: 'root@pam', name: 'glassdome-token', secret: `PROXMOX_TOKEN_VALUE=${SECRET}` },
    { user: 'root@pam!glassdome-token', secret: `'${SECRET}'` },
    {
      secret: `┌──────────────┬──────────────────────────────────────┐
│ key          │ value                                │
╞══════════════╪══════════════════════════════════════╡
│ full-tokenid │ root@pam!glassdome-token             │
├──────────────┼──────────────────────────────────────┤
│ info         │ {"privsep":"1"}                      │
├──────────────┼──────────────────────────────────────┤
│ value        │ ${SECRET} │
└──────────────┴──────────────────────────────────────┘`,
    },
    { secret: `{"full-tokenid":"root@pam!glassdome-token","info":{"privsep":"1"},"value":"${SECRET}"}` },
  ])('is taken apart however it was copied: %j', (input) => {
    expect(read(input)).toEqual(good);
  });

  test.each([
    ['a user without a realm', { user: 'root', name: 'api', secret: SECRET }, ['TOKEN_ID_SHAPE']],
    ['no token name', { user: 'root@pam', secret: SECRET }, ['TOKEN_ID_SHAPE']],
    ['no id at all', { secret: SECRET }, ['TOKEN_ID_SHAPE']],
    ['a token name of one letter', { user: 'root@pam', name: 'x', secret: SECRET }, ['TOKEN_ID_SHAPE']],
    ['a second exclamation mark', { user: 'root@pam', name: 'a!b', secret: SECRET }, ['TOKEN_ID_SHAPE']],
    ['a secret cut short', { user: 'root@pam', name: 'api', secret: SECRET.slice(0, -4) }, ['SECRET_SHAPE']],
    ['a blank inside', { user: 'root@pam', name: 'api', secret: SECRET.replace('-', ' ') }, ['SECRET_SHAPE']],
    ['sample text', { user: 'root@pam', name: 'api', secret: 'your-token-secret' }, ['PLACEHOLDER']],
    [
      'only x',
      { user: 'root@pam', name: 'api', secret: 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' },
      ['PLACEHOLDER'],
    ],
  ])('is questioned before it is sent: %s', (_name, input, codes) => {
    expect(read(input)).toMatchObject({ codes });
  });

  test('is refused when there is none, or when it would break out of its header', () => {
    expect(read({ user: 'root@pam', name: 'api', secret: ' ' })).toEqual({ fault: 'secret' });
    expect(read({ user: 'root@pam', name: 'api', secret: `${SECRET}\r\nX: y` })).toEqual({ fault: 'secret' });
    expect(read({ user: 'root@pam', name: 'api', secret: 'a\u0000b' })).toEqual({ fault: 'secret' });
    expect(read({ method: 'bearer', secret: SECRET })).toEqual({ fault: 'method' });
  });

  test('may be a token of Tessera itself, where a broker stands in for the server', () => {
    const own = `tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`;
    expect(read({ user: 'root@pam', name: 'api', secret: own })).toMatchObject({ secret: own, codes: [] });
  });

  test('shows no more than four characters of a secret in any finding, wherever it was pasted', () => {
    for (const input of [
      { user: 'root@pam', name: `api!${SECRET}`, secret: SECRET },
      { user: SECRET, name: 'api', secret: SECRET },
      { user: 'root@pam', name: 'api', secret: `${SECRET}${SECRET}` },
    ]) {
      const result = readProxmoxCredential(input);
      const printed = JSON.stringify(result.ok ? result.value.findings : result.error);
      expect(printed).not.toContain(SECRET.slice(0, 8));
      expect(printed).not.toContain(SECRET.slice(-5));
    }
  });
});

describe('a password', () => {
  test('is kept exactly, blanks and quotes included', () => {
    const secret = ' p#ss "w$rd ';
    expect(read({ method: 'password', user: 'root@pam', secret })).toEqual({
      method: 'password',
      identity: 'root@pam',
      secret,
      codes: [],
    });
  });

  test('belongs to a user with a realm and to no token', () => {
    expect(read({ method: 'password', user: 'root', secret: 'x1' })).toMatchObject({
      codes: ['TOKEN_ID_SHAPE'],
    });
    expect(read({ method: 'password', user: 'root@pam!api', secret: 'x1' })).toMatchObject({
      codes: ['TOKEN_ID_SHAPE'],
    });
    expect(read({ method: 'password', user: 'root@pam', secret: 'a\nb' })).toEqual({ fault: 'secret' });
    expect(read({ method: 'password', user: 'root@pam', secret: '' })).toEqual({ fault: 'secret' });
  });
});
