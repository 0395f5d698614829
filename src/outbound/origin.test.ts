import { describe, expect, test } from 'vitest';
import { originAuthority, originUrl, parseOrigin, refuseOrigin } from './origin.ts';

const read = (text: string) => {
  const result = parseOrigin(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

describe('a registered URL', () => {
  test('becomes an exact origin with its base path', () => {
    expect(read(' https://Foreman.Example:8443/proxy/foreman/ ')).toEqual({
      scheme: 'https',
      host: 'foreman.example',
      port: 8443,
      basePath: '/proxy/foreman',
      loopback: false,
    });
    expect(read('http://10.0.0.5').port).toBe(80);
    expect(read('https://[fd00::1]:8006').host).toBe('fd00::1');
  });

  test('is written back the way a Host header wants it', () => {
    expect(originAuthority(read('https://pve.lan'))).toBe('pve.lan');
    expect(originAuthority(read('https://[fd00::1]:8006'))).toBe('[fd00::1]:8006');
    expect(originUrl(read('https://pve.lan:8006/x/'))).toBe('https://pve.lan:8006/x');
  });

  test('that names an address nobody dials is known for it; a name is judged when it is dialled', () => {
    expect(refuseOrigin(read('http://169.254.169.254'))).toBe('metadata');
    expect(refuseOrigin(read('http://[::ffff:169.254.169.254]'))).toBe('metadata');
    expect(refuseOrigin(read('http://0xe0000001'))).toBe('multicast');
    expect(refuseOrigin(read('http://127.0.0.1:3000'))).toBeUndefined();
    expect(refuseOrigin(read('http://10.0.0.5'))).toBeUndefined();
    expect(refuseOrigin(read('http://metadata.google.internal'))).toBeUndefined();
  });

  test.each([
    'https://localhost:8006',
    'https://127.0.0.1',
    'https://[::1]:9',
    'http://a.localhost',
    'https://0x7f.1',
  ])('is marked as loopback when it names this machine: %s', (text) => {
    expect(read(text).loopback).toBe(true);
  });

  test.each([
    ['', 'is empty'],
    ['pve.lan:8006', 'scheme'],
    ['ftp://pve.lan', 'https://'],
    ['https://', 'not a valid URL'],
    ['https://root:pw@pve.lan', 'user name'],
    ['https://@pve.lan', 'user name'],
    ['https://pve.lan/?token=x', 'query'],
    ['https://pve.lan/?', 'query'],
    ['https://pve.lan/#x', 'fragment'],
    ['https://pve .lan', 'white space'],
    ['https://pve.lan/a\\b', 'backslash'],
    ['https://pve.lan\u0000', 'control'],
    ['https://pve.lan/\r\nX: y', 'white space'],
    ['https://pve.lan:99999', 'not a valid URL'],
    ['https://pve.lan:0', 'port 0'],
    [`https://${'a'.repeat(300)}`, 'longer'],
  ])('is refused with a reason that helps: %j', (text, reason) => {
    const result = parseOrigin(text);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(`${result.error.message} ${result.error.fix}`).toContain(reason);
    expect(result.error.fields?.[0]?.field).toBe('url');
  });
});
