import type { Kysely, Selectable } from 'kysely';
import type { ConnectionRecord, EventRecord, StoredCredential } from '../connections/record.ts';
import type { ConnectionReads, ConnectionStore, ConnectionTx } from '../connections/store.ts';
import type { ConnectionEventRow, ConnectionRow, Tables } from './schema.ts';

export function connectionReads(db: Kysely<Tables>): ConnectionReads {
  return {
    async connection(key) {
      const row = await db
        .selectFrom('connections')
        .selectAll()
        .where((where) => where.or([where('id', '=', key), where('name', '=', key)]))
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async connections(kind) {
      let query = db.selectFrom('connections').selectAll().orderBy('name');
      if (kind !== undefined) query = query.where('kind', '=', kind);
      return (await query.execute()).map(toRecord);
    },

    async connectionEvent(id) {
      const row = await db
        .selectFrom('connection_events')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : toEvent(row);
    },

    async connectionEvents({ connectionId, state, limit, after }) {
      let query = db.selectFrom('connection_events').selectAll().limit(limit);
      if (connectionId !== undefined) query = query.where('connection_id', '=', connectionId);
      if (state === 'open') query = query.where('acknowledged_at', 'is', null);
      if (state === 'acknowledged') query = query.where('acknowledged_at', 'is not', null);
      query =
        after === undefined
          ? query.orderBy('id', 'desc')
          : query.where('id', '>', after).orderBy('id', 'asc');
      return (await query.execute()).map(toEvent);
    },
  };
}

type ConnectionWrites = Omit<ConnectionTx, keyof ConnectionReads | 'audit' | 'changed'>;

export function connectionWrites(db: Kysely<Tables>): ConnectionWrites {
  return {
    async putConnection(record) {
      const { id, ...row } = toRow(record);
      await db
        .insertInto('connections')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },

    async deleteConnection(id) {
      await db.deleteFrom('connections').where('id', '=', id).execute();
    },

    async insertConnectionEvent(event, deliver) {
      await db
        .insertInto('connection_events')
        .values({
          at: event.at,
          kind: event.kind,
          connection_id: event.connectionId,
          connection_name: event.connectionName,
          code: event.code,
          sentence: event.sentence,
          fix: event.fix,
          acknowledged_at: null,
          acknowledged_by: null,
          delivered_at: null,
          attempts: 0,
          next_attempt_ms: deliver ? 0 : null,
        })
        .execute();
    },

    async acknowledgeConnectionEvent(id, by, at) {
      await db
        .updateTable('connection_events')
        .set({ acknowledged_at: at, acknowledged_by: by })
        .where('id', '=', id)
        .execute();
    },
  };
}

type Deliveries = Pick<ConnectionStore, 'openConnectionEvents' | 'claimDeliveries' | 'settleDelivery'>;

export function eventDeliveries(db: Kysely<Tables>): Deliveries {
  return {
    async openConnectionEvents() {
      const row = await db
        .selectFrom('connection_events')
        .select((select) => select.fn.countAll().as('count'))
        .where('acknowledged_at', 'is', null)
        .executeTakeFirst();
      return Number(row?.count ?? 0);
    },

    async claimDeliveries(nowMs, holdMs, limit) {
      const due = await db
        .selectFrom('connection_events')
        .selectAll()
        .where('next_attempt_ms', '<=', nowMs)
        .orderBy('id')
        .limit(limit)
        .execute();
      const claimed: EventRecord[] = [];
      for (const row of due) {
        // Whoever moves the moment on has it; the others find it moved.
        const taken = await db
          .updateTable('connection_events')
          .set({ next_attempt_ms: nowMs + holdMs, attempts: row.attempts + 1 })
          .where('id', '=', row.id)
          .where('next_attempt_ms', '=', row.next_attempt_ms)
          .where('attempts', '=', row.attempts)
          .executeTakeFirst();
        if (taken.numUpdatedRows > 0n) claimed.push({ ...toEvent(row), attempts: row.attempts + 1 });
      }
      return claimed;
    },

    async settleDelivery(id, deliveredAt, nextMs) {
      await db
        .updateTable('connection_events')
        .set({ delivered_at: deliveredAt, next_attempt_ms: nextMs })
        .where('id', '=', id)
        .execute();
    },
  };
}

function toRecord(row: ConnectionRow): ConnectionRecord {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as ConnectionRecord['kind'],
    origin: row.origin,
    trust: JSON.parse(row.trust) as ConnectionRecord['trust'],
    pinnedAt: row.pinned_at,
    credential: toCredential(
      row.method,
      row.identity,
      row.upstream_id,
      row.sealed_secret,
      row.secret_version,
    ),
    fallback: toCredential(
      row.fallback_method,
      row.fallback_identity,
      null,
      row.sealed_fallback,
      row.fallback_version,
    ),
    fallbackEnabled: row.fallback_enabled === 1,
    versionsUsed: row.versions_used,
    expiresAt: row.expires_at,
    refusedAt: row.refused_at,
    refusal: row.refusal === null ? null : (JSON.parse(row.refusal) as ConnectionRecord['refusal']),
    fallbackRefusedAt: row.fallback_refused_at,
    fellBackAt: row.fell_back_at,
    warnedDays: row.warned_days,
    lastTest: row.last_test === null ? null : (JSON.parse(row.last_test) as ConnectionRecord['lastTest']),
    revision: row.revision,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  };
}

function toCredential(
  method: string | null,
  identity: string | null,
  upstreamId: string | null,
  sealed: string | null,
  version: number | null,
): StoredCredential | null {
  if (method === null || identity === null || sealed === null || version === null) return null;
  return { method: method as StoredCredential['method'], identity, upstreamId, sealed, version };
}

const toRow = (record: ConnectionRecord): ConnectionRow => ({
  id: record.id,
  name: record.name,
  kind: record.kind,
  origin: record.origin,
  trust: JSON.stringify(record.trust),
  pinned_at: record.pinnedAt,
  method: record.credential?.method ?? null,
  identity: record.credential?.identity ?? null,
  upstream_id: record.credential?.upstreamId ?? null,
  sealed_secret: record.credential?.sealed ?? null,
  secret_version: record.credential?.version ?? null,
  fallback_method: record.fallback?.method ?? null,
  fallback_identity: record.fallback?.identity ?? null,
  sealed_fallback: record.fallback?.sealed ?? null,
  fallback_version: record.fallback?.version ?? null,
  fallback_enabled: record.fallbackEnabled ? 1 : 0,
  versions_used: record.versionsUsed,
  expires_at: record.expiresAt,
  refused_at: record.refusedAt,
  refusal: record.refusal === null ? null : JSON.stringify(record.refusal),
  fallback_refused_at: record.fallbackRefusedAt,
  fell_back_at: record.fellBackAt,
  warned_days: record.warnedDays,
  last_test: record.lastTest === null ? null : JSON.stringify(record.lastTest),
  revision: record.revision,
  created_at: record.createdAt,
  created_by: record.createdBy,
  updated_at: record.updatedAt,
  updated_by: record.updatedBy,
});

const toEvent = (row: Selectable<ConnectionEventRow>): EventRecord => ({
  id: row.id,
  at: row.at,
  kind: row.kind as EventRecord['kind'],
  connectionId: row.connection_id,
  connectionName: row.connection_name,
  code: row.code,
  sentence: row.sentence,
  fix: row.fix,
  acknowledgedAt: row.acknowledged_at,
  acknowledgedBy: row.acknowledged_by,
  deliveredAt: row.delivered_at,
  attempts: row.attempts,
});
