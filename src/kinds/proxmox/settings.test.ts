import { describe, expect, test } from 'vitest';
import { originUrl } from '../../outbound/origin.ts';
import { readHost } from './host.ts';
import { readTokenId } from './identity.ts';
import { lintGuestName, lintMethod, lintSettings } from './lint.ts';

describe('a host', () => {
  test.each([
    ['pve.lan', 'https://pve.lan:8006', []],
    ['pve.lan:8006', 'https://pve.lan:8006', []],
    ['10.0.0.5:8443', 'https://10.0.0.5:8443', []],
    ['fd00::5', 'https://[fd00::5]:8006', []],
    ['[fd00::5]:8443', 'https://[fd00::5]:8443', []],
    ['https://pve.lan:8006', 'https://pve.lan:8006', []],
    ['https://pve.lan:8006/', 'https://pve.lan:8006', ['HOST_SHAPE']],
    ['https://pve.lan', 'https://pve.lan:8006', ['HOST_SHAPE']],
    [' pve.lan ', 'https://pve.lan:8006', ['HOST_SHAPE']],
    ['"pve.lan"', 'https://pve.lan:8006', ['HOST_SHAPE']],
    ['https://pve.lan:8006/api2/json', 'https://pve.lan:8006', ['HOST_SHAPE']],
    ['https://pve.lan:8006/#v1:0:18', 'https://pve.lan:8006', ['HOST_SHAPE']],
    ['http://pve.lan:8006', 'https://pve.lan:8006', ['HOST_SHAPE', 'HTTP_SCHEME']],
    ['your-proxmox-host', 'https://your-proxmox-host:8006', ['PLACEHOLDER']],
  ])('is understood however it was typed: %j', (text, url, codes) => {
    const read = readHost(text);
    if (!read.ok) throw new Error(read.error.message);
    expect(originUrl(read.value.origin)).toBe(url);
    expect(read.value.findings.map((finding) => finding.code)).toEqual(codes);
  });

  test.each(['', 'ftp://pve.lan', 'root:pw@pve.lan', 'pve lan', 'pve.lan:99999'])(
    'is refused when it is none: %j',
    (text) => {
      const read = readHost(text);
      expect(read.ok ? '' : read.error.fields?.[0]?.field).toBe('PROXMOX_HOST');
    },
  );
});

describe('a token id', () => {
  test('is read from the right, because names of users may hold its marks', () => {
    expect(readTokenId('a!b@c@pve!tok')).toEqual({ user: 'a!b@c@pve', realm: 'pve', token: 'tok' });
    expect(readTokenId('root@pam')).toEqual({ user: 'root@pam', realm: 'pam', token: '' });
  });
  test.each(['root', '@pam', 'ro ot@pam', 'a/b@pam', 'root@p', 'root@1pam', `${'x'.repeat(70)}@pam`])(
    'is refused with a reason: %s',
    (text) => {
      expect(readTokenId(text)).toHaveProperty('fault');
    },
  );
});

describe('a settings file', () => {
  const line = (raw: string, read: string, at = 1, key = 'KEY') => ({
    key,
    raw,
    read,
    line: at,
    secret: true,
  });

  test('raises no remark when its values arrive as they were written', () => {
    expect(
      lintSettings([
        line('plain', 'plain'),
        line("'p#ss word'", 'p#ss word', 2, 'B'),
        line('"a\\"b"', 'a"b', 3, 'C'),
      ]),
    ).toEqual([]);
  });
  test('is remarked on where a value was cut, expanded, or stands twice; never with the value', () => {
    const found = lintSettings([
      line('abcdefghijklmnop # qrst', 'abcdefghijklmnop'),
      line('a$HOMEbcdefghijkl', 'a/rootbcdefghijkl', 2, 'OTHER'),
      line('abcdefghijklmnop', 'abcdefghijklmnop', 7),
    ]);
    expect(found.map((finding) => finding.code)).toEqual(['ENV_PARSE', 'ENV_PARSE', 'ENV_PARSE']);
    expect(found[2]?.fix).toContain('line 1');
    expect(JSON.stringify(found)).not.toMatch(/abcdefgh|bcdefghij/);
  });
  test('with a secret but no token id leads to the password, and says so', () => {
    const settings = { tokenId: '', tokenSecret: 's', password: 'p', tokenField: 'PROXMOX_TOKEN_NAME' };
    expect(lintMethod(settings).map((finding) => finding.code)).toEqual(['METHOD_SURPRISE']);
    expect(lintMethod({ ...settings, tokenId: 'root@pam!x' })).toEqual([]);
  });
});

describe('the name of a guest', () => {
  test.each(['a', 'test-vm', 'web.lan', 'x'.repeat(63)])('may be %s', (name) => {
    expect(lintGuestName(name)).toEqual([]);
  });
  test.each([
    ['bad name!', 'bad-name'],
    ['_x', 'x'],
    ['grün', 'grun'],
    ['-', 'guest'],
    ['a..b', 'a-b'],
  ])('%s gets a suggestion that is one: %s', (name, suggestion) => {
    const [finding] = lintGuestName(name);
    expect(finding).toMatchObject({ code: 'NAME_BAD' });
    expect(finding?.fix).toContain(suggestion);
    expect(lintGuestName(suggestion)).toEqual([]);
  });
});
