import type { Kysely } from 'kysely';
import type { RouteRecord } from '../broker/record.ts';
import type { RouteReads, RouteTx } from '../broker/store.ts';
import type { RouteRow, Tables } from './schema.ts';

export function routeReads(db: Kysely<Tables>): RouteReads {
  return {
    async route(key) {
      const row = await db
        .selectFrom('routes')
        .selectAll()
        .where((where) => where.or([where('id', '=', key), where('name', '=', key)]))
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
    async routes() {
      return (await db.selectFrom('routes').selectAll().orderBy('name').execute()).map(toRecord);
    },
  };
}

export function routeWrites(db: Kysely<Tables>): Pick<RouteTx, 'putRoute' | 'deleteRoute'> {
  return {
    async putRoute(record) {
      const { id, ...row } = toRow(record);
      await db
        .insertInto('routes')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },
    async deleteRoute(id) {
      await db.deleteFrom('routes').where('id', '=', id).execute();
    },
  };
}

function toRecord(row: RouteRow): RouteRecord {
  return {
    id: row.id,
    name: row.name,
    target:
      row.connection_id === null
        ? { origin: row.origin ?? '', trust: JSON.parse(row.trust ?? '{"mode":"system"}') }
        : { connectionId: row.connection_id },
    kind: row.kind as RouteRecord['kind'],
    host: row.host,
    port: row.port,
    byPath: row.by_path === 1,
    rules: JSON.parse(row.rules) as RouteRecord['rules'],
    presets: row.presets === null ? null : (JSON.parse(row.presets) as RouteRecord['presets']),
    passHeaders: JSON.parse(row.pass_headers) as string[],
    maxConcurrent: row.max_concurrent,
    firstByteMs: row.first_byte_ms,
    idleMs: row.idle_ms,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

function toRow(record: RouteRecord): RouteRow {
  const { target } = record;
  const plain = 'connectionId' in target ? null : target;
  return {
    id: record.id,
    name: record.name,
    connection_id: 'connectionId' in target ? target.connectionId : null,
    origin: plain?.origin ?? null,
    trust: plain === null ? null : JSON.stringify(plain.trust),
    kind: record.kind,
    host: record.host,
    port: record.port,
    by_path: record.byPath ? 1 : 0,
    rules: JSON.stringify(record.rules),
    presets: record.presets === null ? null : JSON.stringify(record.presets),
    pass_headers: JSON.stringify(record.passHeaders),
    max_concurrent: record.maxConcurrent,
    first_byte_ms: record.firstByteMs,
    idle_ms: record.idleMs,
    created_at: record.createdAt,
    created_by: record.createdBy,
    updated_at: record.updatedAt,
    updated_by: record.updatedBy,
  };
}
