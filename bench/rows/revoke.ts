import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connectTo } from '../lib/connection.ts';
import { ms, quantile } from '../lib/numbers.ts';
import { startPostgres } from '../lib/postgres.ts';
import type { ServerProcess } from '../lib/processes.ts';
import type { Measurement, Row } from '../lib/result.ts';
import { childrenOf, holderOf } from '../lib/sockets.ts';
import { GUARD_PATH, guardHeaders, newFolder, SCOPE, serve, setUp } from '../lib/tessera.ts';

const GIVEN_UP_MS = 10_000;
const WORKERS = 2;
const PROCESSES = 3;

/** How long a revoked token is still let pass anywhere, with two workers on SQLite and three processes on PostgreSQL. */
export const revoke: Measurement = async (scale, progress) => {
  progress(`${scale.revokeTrials} trials on SQLite`);
  const server = await serve(await newFolder(), { workers: WORKERS });
  const admin = await setUp(server);
  const workers = await oneConnectionPerWorker(server);
  const onSqlite = await trials(scale.revokeTrials, workers, admin);
  await server.stop();

  progress(`${scale.revokeTrials} trials on PostgreSQL`);
  const postgres = await startPostgres();
  try {
    const folder = await newFolder();
    const servers: ServerProcess[] = [];
    for (let at = 0; at < PROCESSES; at++) servers.push(await serve(folder, { databaseUrl: postgres.url }));
    const [first] = servers as [ServerProcess];
    const connections = servers.map(({ port }) => connectTo(port));
    const onPostgres = await trials(scale.revokeTrials, connections, await setUp(first));
    await Promise.all(servers.map((one) => one.stop()));
    return [
      rowOf(`${WORKERS} workers on SQLite`, onSqlite),
      rowOf(`${PROCESSES} processes on PostgreSQL`, onPostgres),
    ];
  } finally {
    await postgres.stop();
  }
};

interface Trial {
  /** From the revocation being sent until the last process refused. */
  readonly fromSent: number;
  /** The same from the moment it was acknowledged; below zero when all refused before that. */
  readonly fromAcknowledged: number;
}

async function trials(count: number, connections: readonly Connection[], admin: string): Promise<Trial[]> {
  const made: Trial[] = [];
  for (let at = 0; at < count; at++) made.push(await trial(at, connections, admin));
  for (const connection of connections) connection.close();
  return made;
}

/** One token: made, good at every process, revoked through one of them, asked for at all until all refuse. */
async function trial(at: number, connections: readonly Connection[], admin: string): Promise<Trial> {
  const through = connections[at % connections.length] as Connection;
  const authorization = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ username: 'bot-revoked', scopes: [SCOPE] });
  const minted = await through.ask('POST', '/api/v1/service-tokens', authorization, body);
  if (minted.status !== 201) throw new Error(`minting answered ${minted.status}: ${minted.text}`);
  const { token, details } = JSON.parse(minted.text) as { token: string; details: { id: string } };
  const status = async (connection: Connection): Promise<number> =>
    (await connection.ask('GET', GUARD_PATH, guardHeaders(token))).status;
  for (const connection of connections) {
    const first = await status(connection);
    if (first !== 200) throw new Error(`a new token was answered with ${first}`);
  }

  const sentAt = performance.now();
  const revoking = through
    .ask('DELETE', `/api/v1/tokens/${details.id}`, { authorization: `Bearer ${admin}` })
    .then((answer) => {
      if (answer.status !== 200) throw new Error(`revoking answered ${answer.status}: ${answer.text}`);
      return performance.now();
    });
  const refusals = connections.map(async (connection) => {
    for (;;) {
      const answered = await status(connection);
      const now = performance.now();
      if (answered === 401) return now;
      if (answered !== 200) throw new Error(`a revoked token was answered with ${answered}`);
      if (now - sentAt > GIVEN_UP_MS) throw new Error('A revoked token was still good after ten seconds.');
      await sleep(1);
    }
  });
  const [acknowledgedAt, ...refusedAt] = await Promise.all([revoking, ...refusals]);
  for (const connection of connections) {
    if ((await status(connection)) !== 401) throw new Error('A token once refused was let pass again.');
  }
  const lastRefusal = Math.max(...refusedAt);
  return { fromSent: lastRefusal - sentAt, fromAcknowledged: lastRefusal - acknowledgedAt };
}

/** Connects until every worker holds a connection. */
async function oneConnectionPerWorker(server: ServerProcess): Promise<Connection[]> {
  const workers = childrenOf(server.pid);
  if (workers.length !== WORKERS) throw new Error(`${workers.length} workers instead of ${WORKERS}`);
  const found = new Map<number, Connection>();
  for (let attempt = 0; attempt < 50 && found.size < workers.length; attempt++) {
    const connection = connectTo(server.port);
    await connection.ask('GET', '/health');
    const holder = holderOf(connection.localPort(), server.port, workers);
    if (holder === null || found.has(holder)) connection.close();
    else found.set(holder, connection);
  }
  if (found.size < workers.length) throw new Error('Not every worker got a connection.');
  return [...found.values()];
}

function rowOf(where: string, all: readonly Trial[]): Row {
  const sent = all.map(({ fromSent }) => fromSent);
  const acknowledged = all.map(({ fromAcknowledged }) => fromAcknowledged);
  const [p99, most] = [quantile(sent, 0.99), Math.max(...sent)];
  return {
    what: `revoke to refused everywhere, ${where}`,
    target: 'max <= 1000 ms, p99 <= 300 ms',
    measured: `max ${ms(most)}, p99 ${ms(p99)}`,
    met: most <= 1000 && p99 <= 300,
    notes: `${all.length} trials from sending the revocation, median ${ms(quantile(sent, 0.5))}; from its acknowledgement max ${ms(Math.max(...acknowledged))}`,
  };
}
