import type { Kysely } from 'kysely';
import { ADMIN_ROLE, BUILTIN_SCOPES, EXAMPLE_SCOPES, OWN_TOKENS_SCOPE, USER_ROLE } from '../access/scopes.ts';
import type { Tables } from './schema.ts';

/**
 * Makes sure that the built-in scopes and roles, and those registered by configuration, are there. The example
 * scope comes with the first start only, so that it can be removed.
 */
export async function installBuiltins(
  db: Kysely<Tables>,
  configured: Readonly<Record<string, string>>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const first = (await trx.selectFrom('roles').select('name').executeTakeFirst()) === undefined;
    const wanted = [
      ...Object.entries(BUILTIN_SCOPES).map(([name, description]) => ({ name, description, builtin: 1 })),
      ...Object.entries({ ...(first ? EXAMPLE_SCOPES : {}), ...configured }).map(([name, description]) => ({
        name,
        description,
        builtin: 0,
      })),
    ];
    for (const scope of wanted) {
      await trx
        .insertInto('scopes')
        .values(scope)
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ description: scope.description }))
        .execute();
    }
    const roles = [
      {
        name: ADMIN_ROLE,
        description: 'May do everything, also what is added later',
        scopes: '[]',
        builtin: 1,
      },
      {
        name: USER_ROLE,
        description: 'What every user may do',
        scopes: JSON.stringify([OWN_TOKENS_SCOPE]),
        builtin: 1,
      },
    ];
    for (const role of roles) {
      await trx
        .insertInto('roles')
        .values(role)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
    }
  });
}
