import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadRequest, load } from '../lib/load.ts';
import { compare, pairsText, ratioText } from '../lib/pairs.ts';
import type { ServerProcess } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import {
  guardCheck,
  mintServiceToken,
  type NewToken,
  newFolder,
  probe,
  serve,
  setUp,
} from '../lib/tessera.ts';

/** Tokens whose checksum is wrong: their rate against a good one's, and what of them reaches the database. */
export const junk: Measurement = async (scale) => {
  const folder = await newFolder();
  const tessera = await serve(folder);
  const admin = await setUp(tessera);
  const good = await mintServiceToken(tessera, admin);
  const warm = guardCheck(tessera, good.token);
  const bad = guardCheck(tessera, misspelt(good.token), 'refusal');
  await Promise.all([probe(warm), probe(bad)]);
  const outcome = await compare({ server: tessera, request: bad }, { server: tessera, request: warm }, scale);
  const fresh = await mintServiceToken(tessera, admin);
  await tessera.stop();

  const counted = await countStatements(folder, good, fresh, scale.sampleSeconds);
  return [
    {
      what: 'junk tokens (wrong checksum) against the warm rate',
      target: '>= 1.00',
      measured: ratioText(outcome),
      met: outcome.ratio >= 1,
      notes: pairsText(outcome),
    },
    {
      what: 'statements that junk tokens send to the database',
      target: '0',
      measured: String(counted.junk),
      met: counted.junk === 0 && counted.cold > 0,
      notes: `${counted.answers.toLocaleString('en')} refusals; the counter saw ${counted.cold} for one good token not yet at hand`,
    },
  ];
};

/** A typing error in the middle of the secret. */
function misspelt(token: string): string {
  const at = 35;
  return `${token.slice(0, at)}${token[at] === 'a' ? 'b' : 'a'}${token.slice(at + 1)}`;
}

/**
 * Counts statements by their text in three spans of equal length: nobody asks, junk arrives, one good token that is
 * not at hand arrives. What a timer does shows in the first span and is taken off the others; the last proves that
 * the counter sees what it should.
 */
async function countStatements(folder: string, good: NewToken, fresh: NewToken, seconds: number) {
  const server = await serve(folder, { observed: true });
  const during = async (work: () => Promise<unknown>): Promise<Map<string, number>> => {
    const before = await statements(server);
    await work();
    const after = [...(await statements(server))];
    return new Map(after.map(([sql, times]) => [sql, times - (before.get(sql) ?? 0)]));
  };
  const span = seconds * 1000;
  // What is done once at the start shall be over.
  await sleep(2000);
  const idle = await during(() => sleep(span));
  const beyondIdle = (counts: Map<string, number>): number => {
    let more = 0;
    for (const [sql, times] of counts) {
      const byTimer = idle.get(sql) ?? 0;
      // A timer may fire once more in one span than in another.
      if (byTimer === 0) more += times;
      else more += Math.max(0, times - Math.ceil(byTimer * 1.1) - 1);
    }
    return more;
  };
  let answers = 0;
  const request: LoadRequest = guardCheck(server, misspelt(good.token), 'refusal');
  const junk = await during(async () => {
    answers = (await load(request, seconds)).answers;
  });
  const cold = await during(async () => {
    await probe(guardCheck(server, fresh.token));
    await sleep(span);
  });
  await server.stop();
  return { junk: beyondIdle(junk), cold: beyondIdle(cold), answers };
}

async function statements(server: ServerProcess): Promise<Map<string, number>> {
  const { statements: counts } = await server.ask('statements');
  return new Map(counts as [string, number][]);
}
