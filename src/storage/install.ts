import type { Kysely } from 'kysely';
import { ADMIN_ROLE, BUILTIN_SCOPES, EXAMPLE_SCOPES, OWN_TOKENS_SCOPE, USER_ROLE } from '../access/scopes.ts';
import type { Tables } from './schema.ts';

/**
 * Makes sure that the built-in scopes and roles, and those registered by configuration, are there. The example
 * scope comes with the first start only, so that it can be removed. True when scopes came or changed, which running
 * processes do not know of yet.
 */
export async function installBuiltins(
  db: Kysely<Tables>,
  configured: Readonly<Record<string, string>>,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const first = (await trx.selectFrom('roles').select('name').executeTakeFirst()) === undefined;
    const wanted = [
      ...Object.entries(BUILTIN_SCOPES).map(([name, description]) => ({ name, description, builtin: 1 })),
      ...Object.entries({ ...(first ? EXAMPLE_SCOPES : {}), ...configured }).map(([name, description]) => ({
        name,
        description,
        builtin: 0,
      })),
    ];
    const known = new Map(
      (await trx.selectFrom('scopes').select(['name', 'description']).execute()).map((scope) => [
        scope.name,
        scope.description,
      ]),
    );
    const news = wanted.filter(({ name, description }) => known.get(name) !== description);
    for (const scope of news) {
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
    return news.length > 0;
  });
}
