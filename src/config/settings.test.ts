import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

function faultsOf(environment: Record<string, string>): string[] {
  const settings = readSettings({}, environment);
  return settings.ok ? [] : settings.error.map(({ name, message }) => `${name} ${message}`);
}

test.each([
  ['10.0.0.0/99', '10.0.0.0/99'],
  ['10.0.0.0/8;192.168.0.0/16', '10.0.0.0/8;192.168.0.0/16'],
  ['10.0.0.0/8, proxy.example.com', 'proxy.example.com'],
  ['::1/129', '::1/129'],
  ['10.0.0.0/', '10.0.0.0/'],
  ['10.0.0/8', '10.0.0/8'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
])('trusted proxies %s are refused, naming %s', (text, part) => {
  const faults = faultsOf({ TESSERA_TRUSTED_PROXIES: text });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^TESSERA_TRUSTED_PROXIES /);
  expect(faults[0]).toContain(`'${part}' is neither an address nor a network`);
});

test('every wrong network is named, and right ones come through as they are', () => {
  expect(faultsOf({ TESSERA_TRUSTED_PROXIES: 'a,::1,b' })).toHaveLength(2);
  const settings = readSettings({}, { TESSERA_TRUSTED_PROXIES: ' 10.1.2.3 ,fd00::/8,0.0.0.0/0,' });
  expect(settings.ok && settings.value.config.trustedProxies).toEqual(['10.1.2.3', 'fd00::/8', '0.0.0.0/0']);
  const standard = readSettings({}, {});
  expect(standard.ok && standard.value.config.trustedProxies).toEqual(['127.0.0.0/8', '::1/128']);
});

test.each(['a b', 'http://x', '[::1]', 'x/y', '-x', 'fe80::1%eth0', '300.1.1.1'])(
  'host %s is refused',
  (host) => {
    expect(faultsOf({ TESSERA_HOST: host })[0]).toMatch(/^TESSERA_HOST must be an address/);
  },
);

test.each([
  ['::1', 'http://[::1]:8001'],
  ['0.0.0.0', 'http://localhost:8001'],
  ['tessera.example.com', 'http://tessera.example.com:8001'],
])('host %s gives the public address %s', (host, url) => {
  const settings = readSettings({ host }, {});
  expect(settings.ok && settings.value.config.publicUrl).toBe(url);
});

test('a scope may have an equals sign in its description, and at most 128 characters in its name', () => {
  const settings = readSettings({}, { TESSERA_SCOPES: 'a:b = one = two; c:d=three' });
  expect(settings.ok && settings.value.config.scopes).toEqual({ 'a:b': 'one = two', 'c:d': 'three' });
  const long = 'x'.repeat(129);
  expect(faultsOf({ TESSERA_SCOPES: `${long}=y; z` })).toEqual([
    `TESSERA_SCOPES '${long}' has more than 128 characters`,
    "TESSERA_SCOPES 'z' is not of the form name=description",
  ]);
});
