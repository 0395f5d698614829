import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Comparison, compare, pairsText, ratioText } from '../lib/pairs.ts';
import { freePort, ROOT, type ServerProcess, startNode } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { guardCheck, mintServiceToken, newFolder, probe, serve, setUp } from '../lib/tessera.ts';

/**
 * A warm token at the guard against better-auth's API-key verification: keys in a SQLite file, as Tessera's tokens
 * are, and for information also in its memory adapter, which no service that is ever restarted can use.
 */
export const betterAuth: Measurement = async (scale) => {
  const tessera = await serve(await newFolder());
  const { token } = await mintServiceToken(tessera, await setUp(tessera));
  const check = guardCheck(tessera, token);
  await probe(check);

  const against = async (folder: string | null): Promise<Comparison> => {
    const other = await startBetterAuth(folder);
    const key = /^key (\S+)$/m.exec(other.greeting)?.[1] ?? '';
    const base = { ...guardCheck(other, key), url: `${other.url}/` };
    await probe(base);
    await probe({ ...guardCheck(other, `${key}x`, 'refusal'), url: base.url });
    const subject = { server: tessera, request: check };
    const outcome = await compare(subject, { server: other, request: base }, scale);
    await other.stop();
    return outcome;
  };
  const onFile = await against(await newFolder());
  const inMemory = await against(null);
  await tessera.stop();

  const version = `better-auth ${versionOf('better-auth')}`;
  return [
    {
      what: `the same against API-key verification of ${version} behind \`node:http\`, keys in SQLite`,
      target: '>= 20',
      measured: ratioText(onFile, 0),
      met: onFile.ratio >= 20,
      notes: pairsText(onFile, 0),
    },
    {
      what: `the same with the keys of ${version} in its memory adapter`,
      target: null,
      measured: ratioText(inMemory, 0),
      met: null,
      notes: pairsText(inMemory, 0),
    },
  ];
};

async function startBetterAuth(folder: string | null): Promise<ServerProcess> {
  const port = await freePort();
  const settings = JSON.stringify({ port, folder });
  return startNode([resolve(ROOT, 'bench/servers/better-auth.mjs'), settings], port);
}

function versionOf(name: string): string {
  const text = readFileSync(resolve(ROOT, `bench/node_modules/${name}/package.json`), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
