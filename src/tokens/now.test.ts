import { expect, test } from 'vitest';
import { NO_USER_INFO, type UserInfo } from '../base/user-info.ts';
import { newTokenRecord } from './mint.ts';
import { scopesNow, userInfoNow } from './now.ts';

const record = (more: object) =>
  newTokenRecord({ id: 'a'.repeat(22), secret: 'b'.repeat(22) }, 0, {
    username: 'alice',
    type: 'user',
    createdBy: 'alice',
    expiresAt: null,
    ...more,
  });
const KEPT: UserInfo = {
  ...NO_USER_INFO,
  name: 'Alice',
  email: 'alice@example.com',
  groups: [{ name: 'g', id: 1 }],
};

const infoOf = (userInfo: UserInfo | null) => {
  const facts = {
    record: record({ userInfo }),
    digest: new Uint8Array(),
    roles: null,
    scopes: null,
    granted: new Set<string>(),
  };
  const owner = { username: 'alice', kind: 'user' as const, disabled: false, roles: [], userInfo: KEPT };
  return userInfoNow({
    ok: true,
    token: facts,
    owner: { record: owner, roles: [] },
    table: new Map(),
    parent: null,
    jwt: null,
  });
};

test('what was said of the person with the token comes before the user record, thing by thing', () => {
  expect(infoOf(null)).toEqual(KEPT);
  expect(infoOf({ ...NO_USER_INFO, email: 'other@example.com', uid: 7 })).toEqual({
    ...KEPT,
    email: 'other@example.com',
    uid: 7,
  });
  expect(infoOf({ ...NO_USER_INFO, groups: [] }).groups).toEqual([]);
});

test('a token that is no longer good shows what it was pinned to', async () => {
  const ended = { ok: false, code: 'token_expired', message: '', token: null } as const;
  const verifier = { checkById: () => ended, effectiveScopes: () => ['not asked'] };
  expect(await scopesNow(verifier, record({ scopes: ['read:tap'] }))).toEqual(['read:tap']);
  expect(await scopesNow(verifier, record({ scopes: null }))).toEqual([]);
});
