import { checkRoleName, checkScopeName } from '../access/names.ts';
import { requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { ADMIN_SCOPE, sorted } from '../access/scopes.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import type { Clock } from '../base/clock.ts';
import { fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { RoleRecord, ScopeRecord } from './record.ts';
import type { PeopleStore } from './store.ts';
import { unknownRole } from './users.ts';

/** Roles and the scopes they are made of. Reading is for everybody who is signed in. */
export interface Roles {
  roles(): Promise<RoleRecord[]>;
  scopes(): Promise<ScopeRecord[]>;
  createRole(
    actor: Actor,
    name: string,
    description: string,
    scopes: readonly string[],
  ): Promise<Result<RoleRecord>>;
  /** Tokens that carry the role grow and shrink with it at once. */
  changeRole(
    actor: Actor,
    name: string,
    wish: { description?: string; scopes?: readonly string[] },
  ): Promise<Result<RoleRecord>>;
  removeRole(actor: Actor, name: string): Promise<Result<void>>;
  registerScope(actor: Actor, name: string, description: string): Promise<Result<ScopeRecord>>;
  removeScope(actor: Actor, name: string): Promise<Result<void>>;
}

interface Dependencies {
  readonly store: PeopleStore;
  readonly clock: Clock;
}

export function createRoles({ store, clock }: Dependencies): Roles {
  const administrator = (actor: Actor, doing: string) => requireScope(actor, ADMIN_SCOPE, doing);

  const unknownScopes = (known: readonly ScopeRecord[], wanted: readonly string[]): string[] =>
    wanted.filter((scope) => !known.some((record) => record.name === scope));

  const refuseUnknown = (unknown: readonly string[]) =>
    err(fieldFault('unknown_scope', 'scopes', `unknown: ${unknown.join(', ')}`, "See 'tessera scope list'."));

  return {
    roles: () => store.roles(),
    scopes: () => store.scopes(),

    async createRole(actor, name, description, scopes) {
      const allowed = administrator(actor, 'create roles');
      if (!allowed.ok) return allowed;
      const fit = checkRoleName(name, 'name');
      if (!fit.ok) return fit;
      return store.change<RoleRecord>(async (tx) => {
        if ((await tx.roles()).some((role) => role.name === name)) {
          return err(fault('name_taken', `name: there is a role '${name}' already.`));
        }
        const unknown = unknownScopes(await tx.scopes(), scopes);
        if (unknown.length > 0) return refuseUnknown(unknown);
        const role = { name, description, scopes: sorted(new Set(scopes)), builtin: false };
        await tx.putRole(role);
        await tx.audit(
          auditEntry(clock(), actor, { action: 'role.created', subject: name, detail: { scopes } }),
        );
        await tx.changed(change('roles'));
        return ok(role);
      });
    },

    async changeRole(actor, name, wish) {
      const allowed = administrator(actor, 'change roles');
      if (!allowed.ok) return allowed;
      return store.change<RoleRecord>(async (tx) => {
        const role = (await tx.roles()).find((candidate) => candidate.name === name);
        if (role === undefined) return err(unknownRole(name));
        if (role.builtin) return err(fault('immutable', `The role '${name}' is built in.`));
        const unknown = unknownScopes(await tx.scopes(), wish.scopes ?? []);
        if (unknown.length > 0) return refuseUnknown(unknown);
        const after = {
          ...role,
          ...(wish.description === undefined ? {} : { description: wish.description }),
          ...(wish.scopes === undefined ? {} : { scopes: sorted(new Set(wish.scopes)) }),
        };
        await tx.putRole(after);
        await tx.audit(
          auditEntry(clock(), actor, { action: 'role.changed', subject: name, detail: { ...wish } }),
        );
        await tx.changed(change('roles'));
        return ok(after);
      });
    },

    async removeRole(actor, name) {
      const allowed = administrator(actor, 'delete roles');
      if (!allowed.ok) return allowed;
      return store.change<void>(async (tx) => {
        const role = (await tx.roles()).find((candidate) => candidate.name === name);
        if (role === undefined) return err(unknownRole(name));
        if (role.builtin) return err(fault('immutable', `The role '${name}' is built in.`));
        for (const grant of await tx.grantsOfRole(name)) {
          await tx.deleteGrant(grant.username, name);
          await tx.unpinRole(grant.username, name);
          await tx.changed(change('principal', grant.username));
        }
        await tx.deleteRole(name);
        await tx.audit(auditEntry(clock(), actor, { action: 'role.deleted', subject: name }));
        await tx.changed(change('roles'));
        return ok(undefined);
      });
    },

    async registerScope(actor, name, description) {
      const allowed = administrator(actor, 'register scopes');
      if (!allowed.ok) return allowed;
      const fit = checkScopeName(name, 'name');
      if (!fit.ok) return fit;
      return store.change<ScopeRecord>(async (tx) => {
        if ((await tx.scopes()).some((scope) => scope.name === name)) {
          return err(fault('name_taken', `name: the scope '${name}' is registered already.`));
        }
        const scope = { name, description, builtin: false };
        await tx.putScope(scope);
        await tx.audit(auditEntry(clock(), actor, { action: 'scope.registered', subject: name }));
        await tx.changed(change('scopes'));
        return ok(scope);
      });
    },

    async removeScope(actor, name) {
      const allowed = administrator(actor, 'remove scopes');
      if (!allowed.ok) return allowed;
      return store.change<void>(async (tx) => {
        const scope = (await tx.scopes()).find((candidate) => candidate.name === name);
        if (scope === undefined) return err(fault('unknown_scope', `There is no scope '${name}'.`));
        if (scope.builtin) return err(fault('immutable', `The scope '${name}' is built in.`));
        const users = (await tx.roles()).filter((role) => !role.builtin && role.scopes.includes(name));
        if (users.length > 0) {
          return err(
            fault(
              'conflict',
              `The scope '${name}' is part of ${users.map((role) => `'${role.name}'`).join(', ')}.`,
              {
                fix: 'Take it out of these roles first.',
              },
            ),
          );
        }
        await tx.deleteScope(name);
        await tx.audit(auditEntry(clock(), actor, { action: 'scope.removed', subject: name }));
        await tx.changed(change('scopes'));
        return ok(undefined);
      });
    },
  };
}
