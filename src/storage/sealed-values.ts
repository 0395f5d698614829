import { type Kysely, sql } from 'kysely';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Sealer } from '../crypto/seal.ts';
import type { Engine } from './engine.ts';
import type { Tables } from './schema.ts';

const INSTALL_LOCK = 7_355_602;
const context = (name: string): string => `sealed-value|${name}|1`;

/** A secret of the installation itself, made by the first process that needs it and shared by all. */
export async function sealedValue(
  db: Kysely<Tables>,
  engine: Engine,
  sealer: Sealer,
  name: string,
  make: () => Secret,
): Promise<Result<Secret>> {
  return db.transaction().execute(async (trx) => {
    if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${INSTALL_LOCK})`.execute(trx);
    const row = await trx
      .selectFrom('sealed_values')
      .select('sealed')
      .where('name', '=', name)
      .executeTakeFirst();
    if (row !== undefined) return sealer.open(row.sealed, context(name));
    const value = make();
    const sealed = sealer.seal(value, context(name));
    if (!sealed.ok) return sealed;
    await trx.insertInto('sealed_values').values({ name, sealed: sealed.value }).execute();
    return ok(value);
  });
}

/** Whether anything in this database is sealed already: then a new master key must not be made up. */
export async function hasSealedValues(db: Kysely<Tables>): Promise<boolean> {
  const row = await db.selectFrom('sealed_values').select('name').executeTakeFirst();
  return row !== undefined;
}
