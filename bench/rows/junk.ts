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

async function countStatements(folder: string, good: NewToken, fresh: NewToken, seconds: number) {
  const server = await serve(folder, { observed: true });
  const count = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await statements(server);
    await work();
    let more = 0;
    for (const [sql, times] of await statements(server)) {
      if (!isBackground(sql)) more += times - (before.get(sql) ?? 0);
    }
    return more;
  };
  const request: LoadRequest = guardCheck(server, misspelt(good.token), 'refusal');
  let answers = 0;
  const junk = await count(async () => {
    answers = (await load(request, seconds)).answers;
  });
  const cold = await count(() => probe(guardCheck(server, fresh.token)));
  await server.stop();
  return { junk, cold, answers };
}

async function statements(server: ServerProcess): Promise<Map<string, number>> {
  const { statements: counts } = await server.ask('statements');
  return new Map(counts as [string, number][]);
}

/** What runs by the clock, whether or not anybody asks: following the change feed and housekeeping's lease. */
const isBackground = (sql: string): boolean => /data_version|\bchanges\b|\bleases\b/.test(sql);
