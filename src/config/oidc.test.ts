import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const WHOLE = {
  TESSERA_OIDC_ISSUER: 'https://id.example.com/realms/house',
  TESSERA_OIDC_CLIENT_ID: 'tessera',
  TESSERA_OIDC_CLIENT_SECRET: 'secret',
};

function faultsOf(environment: Record<string, string>): string[] {
  const settings = readSettings({}, environment);
  return settings.ok ? [] : settings.error.map(({ name, message }) => `${name} ${message}`);
}

test('without settings there is no provider; with the least of them the rest has sensible values', () => {
  const none = readSettings({}, {});
  expect(none.ok && none.value.config.oidc).toBeNull();
  const some = readSettings({}, WHOLE);
  expect(some.ok && some.value.config.oidc).toEqual({
    issuer: 'https://id.example.com/realms/house',
    clientId: 'tessera',
    scopes: ['openid', 'profile', 'email'],
    usernameClaim: 'preferred_username',
    groupsClaim: 'groups',
    roles: [],
    admission: 'mapped',
    label: 'Sign in with id.example.com',
  });
  expect(JSON.stringify(some)).not.toContain('"secret"');
});

test('every fault is listed at once: what does not parse, and what is missing beside it', () => {
  expect(
    faultsOf({
      TESSERA_OIDC_ISSUER: 'http://id.example.com',
      TESSERA_OIDC_SCOPES: 'profile',
      TESSERA_OIDC_ROLES: 'admins; a=b=c; =x',
      TESSERA_OIDC_CREATE_USERS: 'yes',
    }),
  ).toEqual([
    'TESSERA_OIDC_ISSUER must be the https:// address of the provider; http:// only on this machine',
    "TESSERA_OIDC_SCOPES must hold 'openid'",
    "TESSERA_OIDC_ROLES 'admins' is not of the form group=role",
    "TESSERA_OIDC_ROLES '=x' is not of the form group=role",
    'TESSERA_OIDC_CREATE_USERS must be all, mapped or none',
    'TESSERA_OIDC_CLIENT_ID is missing, but TESSERA_OIDC_ISSUER is set',
    'TESSERA_OIDC_CLIENT_SECRET is missing, but TESSERA_OIDC_ISSUER is set; or set TESSERA_OIDC_CLIENT_SECRET_FILE',
  ]);
});

test.each([
  'https://u:p@id.example.com',
  'https://id.example.com?x',
  'ftp://id.example.com',
  'id.example.com',
])('issuer %s is refused', (issuer) => {
  expect(faultsOf({ ...WHOLE, TESSERA_OIDC_ISSUER: issuer })).toHaveLength(1);
});

test('the name of a group may hold an equals sign', () => {
  const settings = readSettings({}, { ...WHOLE, TESSERA_OIDC_ROLES: 'cn=ops,dc=x = operator; staff=user' });
  expect(settings.ok && settings.value.config.oidc?.roles).toEqual([
    { group: 'cn=ops,dc=x', role: 'operator' },
    { group: 'staff', role: 'user' },
  ]);
});

test('the secret may stand in a file, and then nowhere else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-oidc-'));
  const path = join(folder, 'secret');
  await writeFile(path, 'from a file\n');
  const { TESSERA_OIDC_CLIENT_SECRET, ...rest } = WHOLE;
  const settings = readSettings({}, { ...rest, TESSERA_OIDC_CLIENT_SECRET_FILE: path });
  expect(settings.ok && settings.value.secrets.oidcClientSecret?.reveal()).toBe('from a file');
  expect(faultsOf({ ...WHOLE, TESSERA_OIDC_CLIENT_SECRET_FILE: path })).toEqual([
    'TESSERA_OIDC_CLIENT_SECRET_FILE is set besides TESSERA_OIDC_CLIENT_SECRET; keep one',
  ]);
  expect(faultsOf({ ...rest, TESSERA_OIDC_CLIENT_SECRET_FILE: join(folder, 'absent') })[0]).toContain(
    'ENOENT',
  );
  await rm(folder, { recursive: true });
});
