import { type Connection, connectTo } from '../lib/connection.ts';
import { median, ms, quantile } from '../lib/numbers.ts';
import { compareTwins, pairsText, ratioText, type Side } from '../lib/pairs.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';
import { type SeededStore, seedStore } from '../lib/seed.ts';
import { GUARD_PATH, guardCheck, guardHeaders, probe, serve } from '../lib/tessera.ts';

const FEW = 1000;
/** Of the thousand tokens with an owner each, these warm the code up; the others are asked for once. */
const FOR_WARM_UP = 200;

/** Many tokens stored against few: a warm check, and the first check of a token that is not at hand. */
export const scale: Measurement = async (sizes, progress) => {
  progress(`storing ${sizes.storedTokens.toLocaleString('en')} tokens`);
  const few = await seedStore({ owners: FEW, tokensPerOwner: 1, wanted: FEW });
  const many = await seedStore({ owners: FEW, tokensPerOwner: sizes.storedTokens / FEW, wanted: FEW });

  const cold = await takeSamples(sizes.coldRounds, () => coldRound(many, few));
  const rounds = cold.kept;

  const side = async ({ folder, tokens }: SeededStore): Promise<Side> => {
    const server = await serve(folder);
    const request = guardCheck(server, tokens[0] ?? '');
    await probe(request);
    return { server, request };
  };
  const open = async (manyFirst: boolean): Promise<readonly [Side, Side]> => {
    const early = await side(manyFirst ? many : few);
    const late = await side(manyFirst ? few : many);
    return manyFirst ? [early, late] : [late, early];
  };
  const outcome = await compareTwins(sizes.twinRounds, open, sizes);

  const ratios = rounds.map((round) => round.many / round.few);
  const stored = `${sizes.storedTokens.toLocaleString('en')} tokens stored against ${FEW.toLocaleString('en')}`;
  const coldRatio = median(ratios);
  return [
    {
      what: `${stored}: rate of a warm check`,
      target: '>= 0.95',
      measured: ratioText(outcome),
      met: outcome.ratio >= 0.95,
      notes: `${sizes.twinRounds} rounds of new processes; ${pairsText(outcome)}`,
    },
    {
      what: `${stored}: 99th percentile of a cold check`,
      target: '<= 2.0',
      measured: `${coldRatio.toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
      met: coldRatio <= 2,
      notes: `${ms(median(rounds.map(({ many: p99 }) => p99)))} against ${ms(median(rounds.map(({ few: p99 }) => p99)))}; ${FEW - FOR_WARM_UP} first checks by new processes in each round; ${samplesText(cold, 'rounds')}`,
    },
  ];
};

/** The 99th percentiles of first checks, asked one by one and by turns of two fresh processes. */
async function coldRound(many: SeededStore, few: SeededStore): Promise<{ many: number; few: number }> {
  const servers = [await serve(many.folder), await serve(few.folder)] as const;
  const connections = servers.map(({ port }) => connectTo(port)) as [Connection, Connection];
  const times = { many: [] as number[], few: [] as number[] };
  for (let at = 0; at < FEW; at++) {
    const slow = await timed(connections[0], many.tokens[at] ?? '');
    const quick = await timed(connections[1], few.tokens[at] ?? '');
    if (at < FOR_WARM_UP) continue;
    times.many.push(slow);
    times.few.push(quick);
  }
  for (const connection of connections) connection.close();
  await Promise.all(servers.map((server) => server.stop()));
  return { many: quantile(times.many, 0.99), few: quantile(times.few, 0.99) };
}

async function timed(connection: Connection, token: string): Promise<number> {
  const startedAt = performance.now();
  const { status, text } = await connection.ask('GET', GUARD_PATH, guardHeaders(token));
  if (status !== 200) throw new Error(`A stored token was answered with ${status}: ${text}`);
  return performance.now() - startedAt;
}
