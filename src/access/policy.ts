import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Actor } from './principal.ts';
import { ADMIN_SCOPE, OWN_TOKENS_SCOPE, sorted } from './scopes.ts';

/** Refusal of somebody who proved who they are but lacks a right; says which scope would grant it. */
export function missingScope(scopes: readonly string[], doing: string): Fault {
  const names = scopes.map((scope) => `'${scope}'`).join(' or ');
  return fault('insufficient_scope', `You may not ${doing}: that needs the scope ${names}.`, {
    requiredScopes: scopes,
    fix: `Use a token that holds ${names}, or ask an administrator for a role with it.`,
  });
}

export function requireScope(actor: Actor, scope: string, doing: string): Result<void> {
  return actor.scopes.has(scope) ? ok(undefined) : err(missingScope([scope], doing));
}

export const isAdministrator = (actor: Actor): boolean => actor.scopes.has(ADMIN_SCOPE);

/** Reading, creating and revoking tokens of `owner`: one's own with `user:token`, anybody's with `admin:token`. */
export function mayManageTokensOf(actor: Actor, owner: string, doing: string): Result<void> {
  if (isAdministrator(actor)) return ok(undefined);
  if (actor.username !== owner) return err(missingScope([ADMIN_SCOPE], `${doing} of somebody else`));
  return requireScope(actor, OWN_TOKENS_SCOPE, doing);
}

/** Nobody grants what they do not hold, except holders of `admin:token`. */
export function mayGrant(actor: Actor, scopes: Iterable<string>): Result<void> {
  if (isAdministrator(actor)) return ok(undefined);
  const lacking = sorted(scopes).filter((scope) => !actor.scopes.has(scope));
  if (lacking.length === 0) return ok(undefined);
  const names = lacking.map((scope) => `'${scope}'`).join(', ');
  return err(
    fault('scope_not_held', `The new token would hold ${names}, which the token you are using does not.`, {
      fields: [{ field: 'scopes', message: `not held by the token you are using: ${lacking.join(', ')}` }],
      fix: 'Leave these out, or sign in with a token that holds them.',
    }),
  );
}

/** A role may be more than its scopes are today, so it is handed on only by a token that carries it. */
export function mayGrantRoles(actor: Actor, roles: readonly string[]): Result<void> {
  if (isAdministrator(actor)) return ok(undefined);
  const lacking = roles.filter((role) => !actor.roles.includes(role));
  if (lacking.length === 0) return ok(undefined);
  const names = lacking.map((role) => `'${role}'`).join(', ');
  return err(
    fault('scope_not_held', `The new token would carry ${names}, which the token you are using does not.`, {
      fields: [{ field: 'roles', message: `not carried by the token you are using: ${lacking.join(', ')}` }],
      fix: 'Leave these out, or sign in again to carry every role you hold now.',
    }),
  );
}
