import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brokered, brokeredGet } from '../lib/brokered.ts';
import type { LoadRequest } from '../lib/load.ts';
import { LOAD_CORE, SERVER_CORE } from '../lib/machine.ts';
import { nginxVersion, proxyPass, startNginx } from '../lib/nginx.ts';
import { median, ms, quantile } from '../lib/numbers.ts';
import { paced } from '../lib/pacer.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';
import { ONLY_WITH_CREDENTIAL } from './broker.ts';

const RATE = 3000;
/** Few enough that none waits for another. */
const LOW_RATE = 100;

/** What the broker adds to a call: at a fixed rate against nginx, and at a low one against no proxy at all. */
export const brokerLatency: Measurement = async (scale) => {
  const upstream = await startNginx(LOAD_CORE, { server: ONLY_WITH_CREDENTIAL });
  await writeFile(join(upstream.folder, 'files/kibibyte'), 'x'.repeat(1024));
  const tessera = await brokered(upstream.url);
  const nginx = await startNginx(SERVER_CORE, proxyPass(upstream.port, 'on'));
  const through = brokeredGet(tessera, '/kibibyte');
  const overNginx: LoadRequest = { url: `${nginx.url}/kibibyte`, headers: {}, expect: 'success' };
  const straight: LoadRequest = {
    url: `${upstream.url}/kibibyte`,
    headers: { Authorization: 'Bearer the-credential-of-the-upstream' },
    expect: 'success',
  };
  for (const request of [through, overNginx]) await paced(request, RATE, scale.warmUpSeconds);

  const late = await takeSamples(scale.pairs, async () => ({
    own: quantile(await paced(through, RATE, scale.sampleSeconds), 0.99),
    base: quantile(await paced(overNginx, RATE, scale.sampleSeconds), 0.99),
  }));
  const added = await takeSamples(scale.pairs, async () => ({
    own: median(await paced(through, LOW_RATE, scale.sampleSeconds, 1)),
    base: median(await paced(straight, LOW_RATE, scale.sampleSeconds, 1)),
  }));
  await Promise.all([tessera.server.stop(), nginx.stop(), upstream.stop()]);

  const ratios = late.kept.map(({ own, base }) => own / base);
  const differences = added.kept.map(({ own, base }) => own - base);
  return [
    {
      what: `99th percentile of brokered GETs at ${RATE.toLocaleString('en')}/s against ${nginxVersion()} at the same rate`,
      target: '<= 3.0',
      measured: `${median(ratios).toFixed(1)} (${Math.min(...ratios).toFixed(1)}-${Math.max(...ratios).toFixed(1)})`,
      met: median(ratios) <= 3,
      notes: `${ms(median(late.kept.map(({ own }) => own)))} against ${ms(median(late.kept.map(({ base }) => base)))}; ${samplesText(late, 'pairs')}`,
    },
    {
      what: 'time added to a call at low load, 50th percentile',
      target: '<= 1.0 ms',
      measured: `${median(differences).toFixed(2)} ms (${Math.min(...differences).toFixed(2)}-${Math.max(...differences).toFixed(2)})`,
      met: median(differences) <= 1,
      notes: `${median(added.kept.map(({ own }) => own)).toFixed(2)} ms against ${median(added.kept.map(({ base }) => base)).toFixed(2)} ms without a proxy, ${LOW_RATE}/s on one connection; ${samplesText(added, 'pairs')}`,
    },
  ];
};
