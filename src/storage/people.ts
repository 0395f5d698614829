import type { Kysely } from 'kysely';
import { ADMIN_ROLE, type RoleTable } from '../access/scopes.ts';
import type { PrincipalRecord, RoleGrant, RoleRecord, ScopeRecord } from '../people/record.ts';
import type { PeopleReads, PeopleTx, PrincipalFilter } from '../people/store.ts';
import {
  identityColumns,
  identityOf,
  nameIsTaken,
  passwordHash,
  principalColumns,
  principalInsert,
  userInfoColumns,
  userInfoOf,
} from './principals.ts';
import type { PrincipalRow, Tables } from './schema.ts';

const recordColumns = [...principalColumns, 'password_hash', 'issuer', 'subject'] as const;
type RecordRow = Pick<PrincipalRow, (typeof recordColumns)[number]>;

const toPrincipal = (row: RecordRow): PrincipalRecord => ({
  username: row.username,
  kind: row.kind as PrincipalRecord['kind'],
  userInfo: userInfoOf(row),
  hasPassword: row.password_hash !== null,
  identity: identityOf(row),
  disabled: row.disabled === 1,
  createdAt: row.created_at,
  createdBy: row.created_by,
});

const toGrant = (row: Tables['role_grants']): RoleGrant => ({
  username: row.username,
  role: row.role,
  grantedBy: row.granted_by,
  grantedAt: row.granted_at_ms,
});

/** Every role with its scopes; the administrator's role stands for all that are known. */
export async function roleTable(db: Kysely<Tables>): Promise<RoleTable> {
  const roles = await readRoles(db);
  return new Map(roles.map((role) => [role.name, new Set(role.scopes)]));
}

async function readScopes(db: Kysely<Tables>): Promise<ScopeRecord[]> {
  const rows = await db.selectFrom('scopes').selectAll().orderBy('name').execute();
  return rows.map((row) => ({ name: row.name, description: row.description, builtin: row.builtin === 1 }));
}

async function readRoles(db: Kysely<Tables>): Promise<RoleRecord[]> {
  const rows = await db.selectFrom('roles').selectAll().orderBy('name').execute();
  const everything = (await readScopes(db)).map((scope) => scope.name);
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    scopes: row.name === ADMIN_ROLE ? everything : (JSON.parse(row.scopes) as string[]),
    builtin: row.builtin === 1,
  }));
}

export async function administrators(db: Kysely<Tables>): Promise<string[]> {
  const rows = await db
    .selectFrom('role_grants')
    .innerJoin('principals', 'principals.username', 'role_grants.username')
    .select('principals.username')
    .where('role', '=', ADMIN_ROLE)
    .where('disabled', '=', 0)
    .orderBy('principals.username')
    .execute();
  return rows.map((row) => row.username);
}

export const bootstrapSecrets = (db: Kysely<Tables>): Promise<{ id: string; digest: string }[]> =>
  db.selectFrom('bootstrap_secrets').select(['id', 'digest']).execute();

function matching(db: Kysely<Tables>, { kind, prefix, roles }: PrincipalFilter) {
  let query = db.selectFrom('principals');
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (prefix !== undefined && prefix !== '') {
    // A range instead of LIKE, which compares differently on the two engines.
    query = query.where('username', '>=', prefix).where('username', '<', `${prefix}\u{10ffff}`);
  }
  if (roles !== undefined) {
    const holders = db.selectFrom('role_grants').select('username').where('role', 'in', roles);
    query = query.where('username', 'in', holders);
  }
  return query;
}

export function peopleReads(db: Kysely<Tables>): PeopleReads {
  async function principals(filter: PrincipalFilter): Promise<PrincipalRecord[]> {
    const query = matching(db, filter)
      .select(recordColumns)
      .orderBy('created_at', 'desc')
      .orderBy('username');
    return (await query.execute()).map(toPrincipal);
  }

  return {
    async principal(username) {
      const row = await db
        .selectFrom('principals')
        .select(recordColumns)
        .where('username', '=', username)
        .executeTakeFirst();
      return row === undefined ? null : toPrincipal(row);
    },

    principals,

    async principalsWithGrants(filter) {
      const found = (await principals(filter)).map((principal) => ({
        ...principal,
        roles: [] as RoleGrant[],
      }));
      const byName = new Map(found.map((principal) => [principal.username, principal]));
      const grants = await db
        .selectFrom('role_grants')
        .selectAll()
        .where('username', 'in', matching(db, filter).select('username'))
        .orderBy('role')
        .execute();
      for (const row of grants) byName.get(row.username)?.roles.push(toGrant(row));
      return found;
    },

    async grantsOf(username) {
      const rows = await db
        .selectFrom('role_grants')
        .selectAll()
        .where('username', '=', username)
        .orderBy('role')
        .execute();
      return rows.map(toGrant);
    },

    async grantsOfRole(role) {
      const rows = await db
        .selectFrom('role_grants')
        .selectAll()
        .where('role', '=', role)
        .orderBy('granted_at_ms', 'desc')
        .orderBy('username')
        .execute();
      return rows.map(toGrant);
    },

    roles: () => readRoles(db),
    scopes: () => readScopes(db),
    roleTable: () => roleTable(db),

    passwordHash: (username) => passwordHash(db, username),

    async principalWithIdentity({ issuer, subject }) {
      const row = await db
        .selectFrom('principals')
        .select(recordColumns)
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst();
      return row === undefined ? null : toPrincipal(row);
    },
  };
}

type PeopleWrites = Omit<PeopleTx, keyof PeopleReads | 'audit' | 'changed' | 'revokeTokensOf' | 'unpinRole'>;

export function peopleWrites(db: Kysely<Tables>): PeopleWrites {
  return {
    nameIsTaken: (username) => nameIsTaken(db, username),

    async insertPrincipal(principal) {
      await db.insertInto('principals').values(principalInsert(principal)).execute();
    },

    async updatePrincipal(username, change) {
      const row: Partial<PrincipalRow> = {
        ...(change.userInfo === undefined ? {} : userInfoColumns(change.userInfo)),
        ...(change.disabled === undefined ? {} : { disabled: change.disabled ? 1 : 0 }),
        ...(change.passwordHash === undefined ? {} : { password_hash: change.passwordHash }),
        ...(change.identity === undefined ? {} : identityColumns(change.identity)),
      };
      if (Object.keys(row).length === 0) return;
      await db.updateTable('principals').set(row).where('username', '=', username).execute();
    },

    async deletePrincipal(username) {
      await db.deleteFrom('role_grants').where('username', '=', username).execute();
      await db.deleteFrom('principals').where('username', '=', username).execute();
    },

    async insertGrant(grant) {
      await db
        .insertInto('role_grants')
        .values({
          username: grant.username,
          role: grant.role,
          granted_by: grant.grantedBy,
          granted_at_ms: grant.grantedAt,
        })
        .execute();
    },

    async deleteGrant(username, role) {
      const result = await db
        .deleteFrom('role_grants')
        .where('username', '=', username)
        .where('role', '=', role)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async putRole(role) {
      const row = {
        description: role.description,
        scopes: JSON.stringify(role.scopes),
        builtin: role.builtin ? 1 : 0,
      };
      await db
        .insertInto('roles')
        .values({ name: role.name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },

    async deleteRole(name) {
      await db.deleteFrom('roles').where('name', '=', name).execute();
    },

    async putScope(scope) {
      const row = { description: scope.description, builtin: scope.builtin ? 1 : 0 };
      await db
        .insertInto('scopes')
        .values({ name: scope.name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },

    async deleteScope(name) {
      await db.deleteFrom('scopes').where('name', '=', name).execute();
    },

    administrators: () => administrators(db),
    bootstrapSecrets: () => bootstrapSecrets(db),

    async insertBootstrapSecret(id, digest, createdAt) {
      await db.insertInto('bootstrap_secrets').values({ id, digest, created_at: createdAt }).execute();
    },

    async deleteBootstrapSecrets() {
      await db.deleteFrom('bootstrap_secrets').execute();
    },
  };
}
