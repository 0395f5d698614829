import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brokered, brokeredGet } from '../lib/brokered.ts';
import { LOAD_CORE } from '../lib/machine.ts';
import { startNginx } from '../lib/nginx.ts';
import { median, ms, perSecond, quantile } from '../lib/numbers.ts';
import { paced } from '../lib/pacer.ts';
import { ROOT } from '../lib/processes.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';

const JUNK_RATE = 10_000;
const GOOD_RATE = 300;

/** Good calls at a fixed rate, with and without ten thousand junk tokens a second beside them. */
export const brokerJunk: Measurement = async (scale) => {
  const upstream = await startNginx(LOAD_CORE, { server: '' });
  await writeFile(join(upstream.folder, 'files/kibibyte'), 'x'.repeat(1024));
  const tessera = await brokered(upstream.url);
  const good = brokeredGet(tessera, '/kibibyte');
  const junk = {
    url: good.url,
    token: `${tessera.token.slice(0, -1)}${tessera.token.endsWith('a') ? 'b' : 'a'}`,
  };
  // Both ways are warm before the first pair, or its calls alone would bear what compiling them costs.
  await paced(good, GOOD_RATE, scale.warmUpSeconds);
  const warming = await startFlood(junk.url, junk.token);
  await paced(good, GOOD_RATE, scale.warmUpSeconds);
  await warming.stop();
  let sent = 0;
  // Of so few calls a second only some dozen decide a 99th percentile; it takes long until they do not do so by chance.
  const measure = async (): Promise<number> =>
    quantile(await paced(good, GOOD_RATE, scale.sampleSeconds * 4), 0.99);
  const samples = await takeSamples(scale.pairs, async () => {
    const alone = await measure();
    const flood = await startFlood(junk.url, junk.token);
    const beside = await measure();
    sent = await flood.stop();
    return { alone, beside };
  });
  await Promise.all([tessera.server.stop(), upstream.stop()]);
  const ratios = samples.kept.map(({ alone, beside }) => beside / alone);
  return [
    {
      what: `99th percentile of good calls beside a flood of junk tokens against without it`,
      target: '<= 1.20',
      measured: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
      met: median(ratios) <= 1.2,
      notes: `${ms(median(samples.kept.map(({ beside }) => beside)))} against ${ms(median(samples.kept.map(({ alone }) => alone)))} at ${GOOD_RATE}/s; junk at ${perSecond(sent)} of ${perSecond(JUNK_RATE)} wanted; ${samplesText(samples, 'pairs')}`,
    },
  ];
};

/**
 * A process of its own that asks for the rate and reports what it reached. It has the load's core only while neither who
 * measures nor the upstream wants it, or their waiting would be measured.
 */
async function startFlood(url: string, token: string): Promise<{ stop(): Promise<number> }> {
  const child: ChildProcess = spawn(
    'chrt',
    [
      '--idle',
      '0',
      process.execPath,
      '--import',
      'tsx',
      resolve(ROOT, 'bench/lib/flood.ts'),
      JSON.stringify({ url, token, rate: JUNK_RATE }),
    ],
    { cwd: resolve(ROOT, 'bench'), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  await once(child, 'message');
  return {
    async stop() {
      child.send('stop');
      const [reached] = await once(child, 'message');
      return Number(reached);
    },
  };
}
