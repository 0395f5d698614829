import { resolve } from 'node:path';
import { compare, pairsText, ratioText } from '../lib/pairs.ts';
import { freePort, ROOT, type ServerProcess, startNode } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { guardCheck, mintServiceToken, newFolder, probe, serve, setUp } from '../lib/tessera.ts';

/** A warm token at the guard against node:http that answers the same bytes without looking. */
export const guard: Measurement = async (scale) => {
  const tessera = await serve(await newFolder());
  const { token } = await mintServiceToken(tessera, await setUp(tessera));
  const check = guardCheck(tessera, token);
  const bare = await startBare(await probe(check));
  const base = { ...check, url: check.url.replace(tessera.url, bare.url) };
  await sameAnswer(await probe(check), await probe(base));

  const outcome = await compare({ server: tessera, request: check }, { server: bare, request: base }, scale);
  await Promise.all([tessera.stop(), bare.stop()]);
  return [
    {
      what: 'guard check of a warm token against bare `node:http` with the same answer',
      target: '>= 0.80',
      measured: ratioText(outcome),
      met: outcome.ratio >= 0.8,
      notes: pairsText(outcome),
    },
  ];
};

const BY_CONNECTION = new Set(['date', 'connection', 'keep-alive']);

/** A server that sends this answer's status, headers and body; date and connection headers node adds itself. */
async function startBare(answer: Response): Promise<ServerProcess> {
  const port = await freePort();
  const headers = [...answer.headers].filter(([name]) => !BY_CONNECTION.has(name)).flat();
  const settings = JSON.stringify({ port, status: answer.status, headers, body: await answer.text() });
  return startNode([resolve(ROOT, 'bench/servers/bare.mjs'), settings], port);
}

async function sameAnswer(a: Response, b: Response): Promise<void> {
  const parts = async (answer: Response): Promise<string> =>
    JSON.stringify([
      answer.status,
      [...answer.headers].filter(([name]) => name !== 'date'),
      await answer.text(),
    ]);
  const [left, right] = [await parts(a), await parts(b)];
  if (left !== right) throw new Error(`The answers differ: ${left} and ${right}`);
}
