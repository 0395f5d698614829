import { expect, test } from 'vitest';
import { mayGrantRoles } from './policy.ts';
import { internalActor } from './principal.ts';

test('a role is handed on by a token that carries it, and by an administrator', () => {
  const carrier = { ...internalActor, roles: ['editor', 'user'] };
  expect(mayGrantRoles(carrier, ['editor']).ok).toBe(true);
  const refused = mayGrantRoles(carrier, ['editor', 'runner']);
  expect(refused.ok).toBe(false);
  if (!refused.ok) {
    expect(refused.error.code).toBe('scope_not_held');
    expect(refused.error.message).toContain("'runner'");
    expect(refused.error.message).not.toContain("'editor'");
  }
  const administrator = { ...internalActor, scopes: new Set(['admin:token']) };
  expect(mayGrantRoles(administrator, ['runner']).ok).toBe(true);
});
