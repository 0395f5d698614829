import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brokered, brokeredGet } from '../lib/brokered.ts';
import { load } from '../lib/load.ts';
import { LOAD_CORE } from '../lib/machine.ts';
import { startNginx } from '../lib/nginx.ts';
import { median, ms, perSecond, quantile } from '../lib/numbers.ts';
import { paced } from '../lib/pacer.ts';
import { ROOT } from '../lib/processes.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';

const JUNK_RATE = 10_000;
const GOOD_RATE = 300;
/** With and without take turns as short as this, so that a bad moment of the machine meets both alike. */
const TURN_SECONDS = 2;
/** Of so few calls a second only some dozen decide a 99th percentile; it takes long until they do not do so by chance. */
const SAMPLE_LENGTH = 4;
/** One stall of the machine decides the 99th percentile of a whole sample, so the median is taken of more of them. */
const PAIRS_TIMES = 2;

/** Good calls at a fixed rate, with and without ten thousand junk tokens a second beside them. */
export const brokerJunk: Measurement = async (scale) => {
  const upstream = await startNginx(LOAD_CORE, { server: '' });
  await writeFile(join(upstream.folder, 'files/kibibyte'), 'x'.repeat(1024));
  const tessera = await brokered(upstream.url);
  const good = brokeredGet(tessera, '/kibibyte');
  const token = `${tessera.token.slice(0, -1)}${tessera.token.endsWith('a') ? 'b' : 'a'}`;
  // Both are warm before the first pair, or its calls alone would bear what compiling costs.
  await load(good, scale.warmUpSeconds);
  const flood = await startFlood(good.url, token);
  await flood.say('flow');
  await paced(good, GOOD_RATE, scale.warmUpSeconds);
  const turns = Math.ceil((scale.sampleSeconds * SAMPLE_LENGTH) / TURN_SECONDS);
  const samples = await takeSamples(scale.pairs * PAIRS_TIMES, async () => {
    const alone: number[] = [];
    const beside: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      await flood.say('flow');
      beside.push(...(await paced(good, GOOD_RATE, TURN_SECONDS)));
      await flood.say('rest');
      alone.push(...(await paced(good, GOOD_RATE, TURN_SECONDS)));
    }
    return { alone: quantile(alone, 0.99), beside: quantile(beside, 0.99) };
  });
  const sent = await flood.say('stop');
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

interface Flood {
  /** Resolves when it does so; of `stop` with the refusals a second while it flowed. */
  say(word: 'flow' | 'rest' | 'stop'): Promise<number>;
}

/**
 * A process of its own, at rest at first. It has the load's core only while neither who measures nor the upstream wants
 * it, or their waiting would be measured.
 */
async function startFlood(url: string, token: string): Promise<Flood> {
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
  return {
    async say(word) {
      child.send(word);
      const [answer] = await once(child, 'message');
      return Number(answer);
    },
  };
}
