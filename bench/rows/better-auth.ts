import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compare, pairsText, ratioText } from '../lib/pairs.ts';
import { freePort, ROOT, startNode } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { guardCheck, mintServiceToken, newFolder, probe, serve, setUp } from '../lib/tessera.ts';

/** A warm token at the guard against better-auth's API-key verification, keys in its memory adapter. */
export const betterAuth: Measurement = async (scale) => {
  const tessera = await serve(await newFolder());
  const { token } = await mintServiceToken(tessera, await setUp(tessera));
  const check = guardCheck(tessera, token);

  const port = await freePort();
  const other = await startNode(
    [resolve(ROOT, 'bench/servers/better-auth.mjs'), JSON.stringify({ port })],
    port,
  );
  const key = /^key (\S+)$/m.exec(other.greeting)?.[1] ?? '';
  const base = { ...guardCheck(other, key), url: `${other.url}/` };
  await Promise.all([probe(check), probe(base), probe({ ...guardCheck(other, `${key}x`, 'refusal') })]);

  const outcome = await compare({ server: tessera, request: check }, { server: other, request: base }, scale);
  await Promise.all([tessera.stop(), other.stop()]);
  return [
    {
      what: `the same against API-key verification of better-auth ${versionOf('better-auth')} behind \`node:http\``,
      target: '>= 20',
      measured: ratioText(outcome, 0),
      met: outcome.ratio >= 20,
      notes: pairsText(outcome, 0),
    },
  ];
};

function versionOf(name: string): string {
  const text = readFileSync(resolve(ROOT, `bench/node_modules/${name}/package.json`), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
