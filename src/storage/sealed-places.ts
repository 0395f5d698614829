import { type Kysely, sql } from 'kysely';
import type { SealedPlace, SealedTx } from '../connections/rewrap.ts';
import { sealContext } from '../connections/vault.ts';
import type { Tables } from './schema.ts';

type Row = Readonly<Record<string, unknown>>;

interface SealedColumn {
  readonly table: 'tokens' | 'signing_keys' | 'sealed_values' | 'connections';
  readonly key: string;
  readonly column: string;
  /** Column with the version of the value, where it has one. */
  readonly version?: string;
  /** The same text that its owner seals it with. */
  readonly context: (row: Row) => string;
}

/** Every column of the database that holds sealed values. Whoever seals something new adds a line here. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'tokens', key: 'id', column: 'sealed_secret', context: (row) => `delegated-token|${row.id}|1` },
  {
    table: 'signing_keys',
    key: 'kid',
    column: 'sealed_private_key',
    context: (row) => `signing-key|${row.kid}|1`,
  },
  { table: 'sealed_values', key: 'name', column: 'sealed', context: (row) => `sealed-value|${row.name}|1` },
  {
    table: 'connections',
    key: 'id',
    column: 'sealed_secret',
    version: 'secret_version',
    context: (row) => sealContext(String(row.id), 'secret', Number(row.secret_version)),
  },
  {
    table: 'connections',
    key: 'id',
    column: 'sealed_fallback',
    version: 'fallback_version',
    context: (row) => sealContext(String(row.id), 'fallback', Number(row.fallback_version)),
  },
];

/** `s1.<eight hex digits of the key>.` stands before every sealed value. */
const KEY_AT = 4;
const KEY_LENGTH = 8;

export function sealedPlaces(db: Kysely<Tables>): Pick<SealedTx, 'sealedOtherThan' | 'sealedByKey'> {
  return {
    async sealedOtherThan(keyId, limit) {
      const places: SealedPlace[] = [];
      for (const spot of SEALED_COLUMNS) {
        if (places.length >= limit) break;
        const { table, key, column, version, context } = spot;
        const columns = [key, column, ...(version === undefined ? [] : [version])].map((name) =>
          sql.ref(name),
        );
        const { rows } = await sql<Row>`select ${sql.join(columns)} from ${sql.table(table)}
          where ${sql.ref(column)} is not null
          and substr(${sql.ref(column)}, ${sql.lit(KEY_AT)}, ${sql.lit(KEY_LENGTH)}) <> ${keyId}
          order by ${sql.ref(key)} limit ${sql.lit(limit - places.length)}`.execute(db);
        for (const row of rows) {
          const sealed = String(row[column]);
          places.push({
            place: `${table} ${String(row[key])} ${column}`,
            sealed,
            context: context(row),
            async replace(next) {
              await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${next}
                where ${sql.ref(key)} = ${row[key]} and ${sql.ref(column)} = ${sealed}`.execute(db);
            },
          });
        }
      }
      return places;
    },

    async sealedByKey() {
      const counts: Record<string, number> = {};
      for (const { table, column } of SEALED_COLUMNS) {
        const { rows } = await sql<{ key: string; count: number }>`
          select substr(${sql.ref(column)}, ${sql.lit(KEY_AT)}, ${sql.lit(KEY_LENGTH)}) as key, count(*) as count
          from ${sql.table(table)} where ${sql.ref(column)} is not null group by 1`.execute(db);
        for (const { key, count } of rows) counts[key] = (counts[key] ?? 0) + Number(count);
      }
      return counts;
    },
  };
}
