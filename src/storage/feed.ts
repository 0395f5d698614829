import type { Client } from 'pg';
import type { StoredChange } from '../base/change.ts';
import { FEED_CHANNEL } from './journal.ts';
import type { FeedSource } from './open.ts';
import type { SqliteDatabase } from './sqlite-module.ts';

/**
 * Follows what all processes change. SQLite tells by its data version, asked twenty times a second; PostgreSQL by
 * NOTIFY, with asking four times a second beneath it for when a notification is lost.
 */
export interface ChangeFeed {
  start(): Promise<void>;
  /** What this process just committed: told at once, and not a second time when the feed brings it. */
  committed(changes: readonly StoredChange[]): void;
  /** Whether the feed was read within the last five seconds. When not, nothing in memory can be trusted. */
  isFresh(): boolean;
  stop(): Promise<void>;
}

export interface FeedListener {
  /** Changes made since the last call, oldest first. */
  changed(changes: readonly StoredChange[]): void;
  /** The feed was out of sight for a while; everything derived from it must be read again. */
  lost(): void;
}

const STALE_AFTER_MS = 5_000;
const SQLITE_POLL_MS = 50;
const POSTGRES_POLL_MS = 250;
const RECONNECT_MS = 250;

const SINCE = 'select seq, topic, key from changes where seq >';
const NEWEST = 'select coalesce(max(seq), 0) as seq from changes';

export function createChangeFeed(source: FeedSource, listener: FeedListener): ChangeFeed {
  let position = 0;
  // A monotonic clock: after a suspension or a step of the wall clock, "a moment ago" must not look recent.
  let readAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  /** Steps beyond the position that were told already. */
  const told = new Set<number>();

  const isFresh = (): boolean => performance.now() - readAt <= STALE_AFTER_MS;

  function deliver(rows: readonly StoredChange[], startedAt: number): void {
    const untold = rows.filter((row) => !told.has(row.seq));
    if (untold.length > 0) listener.changed(untold);
    // Only now: had the listener thrown, these steps would be read again.
    for (const row of rows) told.delete(row.seq);
    position = rows.at(-1)?.seq ?? position;
    readAt = startedAt;
  }

  /** Begins anew at the newest step, which after a restored backup may lie before the last one read. */
  function begin(newest: number, startedAt: number): void {
    position = newest;
    told.clear();
    listener.lost();
    readAt = startedAt;
  }

  function committed(changes: readonly StoredChange[]): void {
    const untold = changes.filter((change) => change.seq > position && !told.has(change.seq));
    for (const change of untold) told.add(change.seq);
    if (untold.length > 0) listener.changed(untold);
  }

  const follower =
    source.engine === 'sqlite' ? followSqlite(source.database) : followPostgres(source.connect);

  function followSqlite(database: SqliteDatabase) {
    let timer: NodeJS.Timeout | undefined;
    let version = -1;
    const since = () => database.prepare(`${SINCE} ? order by seq`);
    let statement: ReturnType<typeof since> | undefined;
    const dataVersion = database.prepare('pragma data_version');
    const newest = (): number => (database.prepare(NEWEST).all() as { seq: number }[])[0]?.seq ?? 0;
    const poll = (): void => {
      const startedAt = performance.now();
      try {
        if (!isFresh()) begin(newest(), startedAt);
        const [row] = dataVersion.all() as { data_version: number }[];
        const changed = row?.data_version !== version;
        version = row?.data_version ?? -1;
        statement ??= since();
        deliver(changed ? (statement.all(position) as StoredChange[]) : [], startedAt);
      } catch {
        // Read again at the next beat; isFresh() tells when that goes on for too long.
        version = -1;
      }
    };
    return {
      async start() {
        begin(newest(), performance.now());
        poll();
        timer = setInterval(poll, SQLITE_POLL_MS);
      },
      async stop() {
        clearInterval(timer);
      },
    };
  }

  function followPostgres(connect: () => Client) {
    let client: Client | null = null;
    let timer: NodeJS.Timeout | undefined;
    let reading: Promise<void> | null = null;
    let again = false;

    async function open(): Promise<Client> {
      const fresh = connect();
      fresh.on('error', () => drop(fresh));
      fresh.on('end', () => drop(fresh));
      fresh.on('notification', () => void read());
      try {
        await fresh.connect();
        await fresh.query(`listen ${FEED_CHANNEL}`);
        return fresh;
      } catch (error) {
        fresh.end().catch(() => {});
        throw error;
      }
    }

    async function newest(from: Client): Promise<number> {
      const { rows } = await from.query<{ seq: number }>(NEWEST);
      return Number(rows[0]?.seq ?? 0);
    }

    function drop(broken: Client): void {
      if (client !== broken) return;
      client = null;
      broken.end().catch(() => {});
    }

    function read(): Promise<void> {
      if (reading !== null) {
        again = true;
        return reading;
      }
      reading = readOnce().finally(() => {
        reading = null;
        if (again && !stopped) {
          again = false;
          void read();
        }
      });
      return reading;
    }

    async function readOnce(): Promise<void> {
      const used = client;
      if (used === null) return;
      const startedAt = performance.now();
      try {
        if (!isFresh()) begin(await newest(used), startedAt);
        const { rows } = await used.query<StoredChange>(`${SINCE} $1 order by seq`, [position]);
        deliver(rows, startedAt);
      } catch {
        drop(used);
      }
    }

    async function beat(): Promise<void> {
      let pause = POSTGRES_POLL_MS;
      if (client === null) {
        try {
          client = await open();
        } catch {
          pause = RECONNECT_MS;
        }
      }
      await read();
      if (!stopped) timer = setTimeout(() => void beat(), pause);
    }

    return {
      async start() {
        client = await open();
        begin(await newest(client), performance.now());
        await beat();
      },
      async stop() {
        clearTimeout(timer);
        const open = client;
        client = null;
        await open?.end().catch(() => {});
      },
    };
  }

  return {
    start: () => follower.start(),
    committed,
    isFresh,
    async stop() {
      stopped = true;
      await follower.stop();
    },
  };
}
