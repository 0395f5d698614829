import type { Kysely } from 'kysely';
import { holdsMachine, type JobRecord } from '../machines/record.ts';
import type { JobReads, JobStore, JobTx } from '../machines/store.ts';
import type { JobRow, Tables } from './schema.ts';

export function jobReads(db: Kysely<Tables>): JobReads {
  return {
    async job(id) {
      const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async jobByKey(owner, idempotencyKey) {
      const row = await db
        .selectFrom('jobs')
        .selectAll()
        .where('owner', '=', owner)
        .where('idempotency_key', '=', idempotencyKey)
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async jobs({ limit, owner }) {
      let query = db
        .selectFrom('jobs')
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit);
      if (owner !== undefined) query = query.where('owner', '=', owner);
      return (await query.execute()).map(toRecord);
    },

    async jobsWithMachines() {
      const rows = await db
        .selectFrom('jobs')
        .selectAll()
        .where('gone_at', 'is', null)
        .where('state', 'not in', ['rolled_back', 'cancelled'])
        .orderBy('name')
        .execute();
      return rows.map(toRecord).filter(holdsMachine);
    },

    async idleJobs(nowMs) {
      const rows = await db
        .selectFrom('jobs')
        .selectAll()
        .where('ended_at', 'is', null)
        .where('lease_until_ms', '<', nowMs)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async jobsUnderWay() {
      const rows = await db
        .selectFrom('jobs')
        .select(['state', (select) => select.fn.countAll().as('count')])
        .where('ended_at', 'is', null)
        .groupBy('state')
        .execute();
      return rows.map(({ state, count }) => ({ state, count: Number(count) }));
    },

    async clonesUnderWay(connectionId, nowMs) {
      const row = await db
        .selectFrom('jobs')
        .select((select) => select.fn.countAll().as('count'))
        .where('connection_id', '=', connectionId)
        .where('ended_at', 'is', null)
        .where('state', '=', 'cloning')
        .where('lease_until_ms', '>=', nowMs)
        .executeTakeFirst();
      return Number(row?.count ?? 0);
    },
  };
}

type JobWrites = Omit<JobTx, keyof JobReads | 'audit' | 'changed' | 'insertConnectionEvent'>;

export function jobWrites(db: Kysely<Tables>): JobWrites {
  return {
    async insertJob(job) {
      await db
        .insertInto('jobs')
        .values({ ...toRow(job), lease_holder: null, lease_until_ms: 0 })
        .execute();
    },

    async putJob(job) {
      const { id, ...row } = toRow(job);
      await db.updateTable('jobs').set(row).where('id', '=', id).execute();
    },

    async leaseJob(id, holder, nowMs, untilMs) {
      const taken = await db
        .updateTable('jobs')
        .set({ lease_holder: holder, lease_until_ms: untilMs })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .where('lease_until_ms', '<', nowMs)
        .executeTakeFirst();
      return taken.numUpdatedRows > 0n;
    },

    async jobHolder(id) {
      const row = await db.selectFrom('jobs').select('lease_holder').where('id', '=', id).executeTakeFirst();
      return row?.lease_holder ?? null;
    },
  };
}

export function jobLeases(db: Kysely<Tables>): Pick<JobStore, 'renewLeases' | 'releaseLeases'> {
  const held = (holder: string) =>
    db.updateTable('jobs').where('lease_holder', '=', holder).where('ended_at', 'is', null);
  return {
    async renewLeases(holder, ids, untilMs) {
      await held(holder).where('id', 'in', ids).set({ lease_until_ms: untilMs }).execute();
    },
    async releaseLeases(holder) {
      await held(holder).set({ lease_holder: null, lease_until_ms: 0 }).execute();
    },
  };
}

const toRecord = (row: JobRow): JobRecord => ({
  id: row.id,
  owner: row.owner,
  connectionId: row.connection_id,
  connectionName: row.connection_name,
  name: row.name,
  state: row.state as JobRecord['state'],
  wish: JSON.parse(row.wish) as JobRecord['wish'],
  progress: JSON.parse(row.progress) as JobRecord['progress'],
  idempotencyKey: row.idempotency_key,
  cancelRequested: row.cancel_requested === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  endedAt: row.ended_at,
  goneAt: row.gone_at,
});

const toRow = (job: JobRecord): Omit<JobRow, 'lease_holder' | 'lease_until_ms'> => ({
  id: job.id,
  owner: job.owner,
  connection_id: job.connectionId,
  connection_name: job.connectionName,
  name: job.name,
  state: job.state,
  wish: JSON.stringify(job.wish),
  progress: JSON.stringify(job.progress),
  idempotency_key: job.idempotencyKey,
  cancel_requested: job.cancelRequested ? 1 : 0,
  created_at: job.createdAt,
  updated_at: job.updatedAt,
  ended_at: job.endedAt,
  gone_at: job.goneAt,
});
