import { expect, test } from 'vitest';
import { rolesShown } from './roles.ts';

test('a token shows the pinned roles that its owner still holds, sorted, without the one everybody has', () => {
  const token = { roles: ['zeta', 'user', 'alpha', 'lost'], scopes: null };
  expect(rolesShown(token, ['user', 'alpha', 'zeta', 'later'])).toEqual(['alpha', 'zeta']);
});

test('a token that pins nothing shows all that its owner holds', () => {
  expect(rolesShown({ roles: null, scopes: null }, ['user', 'b', 'a'])).toEqual(['a', 'b']);
});

test('a token narrowed to scopes shows no role, for it holds none whole', () => {
  expect(rolesShown({ roles: null, scopes: ['read:machines'] }, ['user', 'viewer'])).toEqual([]);
});
