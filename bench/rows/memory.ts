import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../lib/connection.ts';
import { mib } from '../lib/numbers.ts';
import type { ServerProcess } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { seedStore } from '../lib/seed.ts';
import { GUARD_PATH, guardHeaders, serve } from '../lib/tessera.ts';

const LIMIT = 64 * 2 ** 20;
const CONNECTIONS = 32;
/** Longer than last uses wait before they are written, and with them the memory they take. */
const UNTIL_WRITTEN_MS = 30_000;

/** What a process holds more when many tokens are at hand than when as many requests came with one of them. */
export const memory: Measurement = async (scale, progress) => {
  const owners = scale.cachedTokens / 100;
  const store = await seedStore({ owners, tokensPerOwner: 100, wanted: scale.cachedTokens });
  const server = await serve(store.folder, { observed: true });
  const [first = ''] = store.tokens;
  await askForEach(
    server,
    store.tokens.map(() => first),
  );
  await sleep(UNTIL_WRITTEN_MS);
  const idle = await used(server);
  progress('filling');
  await askForEach(server, store.tokens);
  await sleep(UNTIL_WRITTEN_MS);
  const full = await used(server);
  await server.stop();

  const resident = full.rss - idle.rss;
  const live = full.live - idle.live;
  return [
    {
      what: `memory for ${scale.cachedTokens.toLocaleString('en')} tokens at hand, above idle`,
      target: `<= ${mib(LIMIT * (scale.cachedTokens / 100_000))}`,
      measured: mib(live),
      met: live <= LIMIT * (scale.cachedTokens / 100_000),
      notes: `live after garbage collection; resident memory grew by ${mib(resident)} from ${mib(idle.rss)}`,
    },
  ];
};

async function askForEach(server: ServerProcess, tokens: readonly string[]): Promise<void> {
  const left = tokens.values();
  await inParallel(server.port, CONNECTIONS, () => {
    const { value: token, done } = left.next();
    if (done) return null;
    return async (connection) => {
      const { status } = await connection.ask('GET', GUARD_PATH, guardHeaders(token));
      if (status !== 200) throw new Error(`A stored token was answered with ${status}`);
    };
  });
}

async function used(server: ServerProcess): Promise<{ rss: number; live: number }> {
  const { memory: usage } = await server.ask('memory');
  const { rss, heapUsed, external } = usage as NodeJS.MemoryUsage;
  return { rss, live: heapUsed + external };
}
