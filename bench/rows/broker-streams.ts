import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokered } from '../lib/brokered.ts';
import { LOAD_CORE, SERVER_CORE } from '../lib/machine.ts';
import { nginxVersion, proxyPass, startNginx } from '../lib/nginx.ts';
import { median, mib } from '../lib/numbers.ts';
import { freePort, ROOT, startNode } from '../lib/processes.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement, Row } from '../lib/result.ts';
import { transfer } from '../lib/transfer.ts';

const MIB = 2 ** 20;
const SIZE = 64 * MIB;
const GROWTH_MAX = 32 * MIB;
/** How often resident memory is looked at while bytes move. */
const LOOK_MS = 20;

/** Bodies of 64 MiB each way against nginx that buffers nothing, and the memory that a very long one takes. */
export const brokerStreams: Measurement = async (scale, progress) => {
  const long = scale.streamedBytes;
  const files = await startNginx(LOAD_CORE, { server: '' });
  for (const [name, size] of [
    ['large', SIZE],
    ['long', long],
  ] as const) {
    const file = await open(join(files.folder, 'files', name), 'w');
    await file.truncate(size);
    await file.close();
  }
  const sinkPort = await freePort();
  const sink = await startNode(
    [resolve(ROOT, 'bench/servers/sink.mjs'), JSON.stringify({ port: sinkPort })],
    sinkPort,
    {},
    LOAD_CORE,
  );

  const rows: Row[] = [];
  for (const way of ['download', 'upload'] as const) {
    const upstream = way === 'download' ? files : sink;
    const nginx = await startNginx(SERVER_CORE, proxyPass(upstream.port, 'off'));
    const { server, token, prefix } = await brokered(upstream.url);
    const size = (bytes: number) =>
      way === 'download' ? { upload: 0, download: bytes } : { upload: bytes, download: 0 };
    const own = (name: string, bytes: number): Promise<number> =>
      transfer(server, { path: `${prefix}/${name}`, token, ...size(bytes) });
    const base = (): Promise<number> => transfer(nginx, { path: '/large', ...size(SIZE) });

    for (let turn = 0; turn < 4; turn++) await Promise.all([own('large', SIZE), base()]);
    const before = residentOf(server.pid);
    let most = 0;
    const samples = await takeSamples(scale.pairs * 2, async (turn) => {
      const seconds: Record<string, number> = {};
      for (const side of turn % 2 === 0 ? ['own', 'base'] : ['base', 'own'])
        seconds[side] = await (side === 'own' ? own('large', SIZE) : base());
      most = Math.max(most, residentOf(server.pid));
      return { own: seconds.own ?? 0, base: seconds.base ?? 0 };
    });
    progress(`${way} of ${mib(long)}`);
    let done = false;
    const moving = own('long', long).finally(() => {
      done = true;
    });
    let highest = 0;
    while (!done) {
      highest = Math.max(highest, residentOf(server.pid));
      await sleep(LOOK_MS);
    }
    await moving;
    await Promise.all([server.stop(), nginx.stop()]);

    const ratios = samples.kept.map((each) => each.base / each.own);
    const rate = (pick: 'own' | 'base'): string =>
      `${Math.round(SIZE / MIB / median(samples.kept.map((each) => each[pick])))} MiB/s`;
    rows.push(
      {
        what: `${way} of 64 MiB against ${nginxVersion()} with buffering off`,
        target: '>= 0.90',
        measured: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
        met: median(ratios) >= 0.9,
        notes: `${rate('own')} against ${rate('base')}; ${samplesText(samples, 'pairs')}`,
      },
      {
        what: `growth of resident memory, ${way} of ${mib(long)} in one body`,
        target: `<= ${mib(GROWTH_MAX)}`,
        measured: mib(Math.max(0, highest - before)),
        met: highest - before <= GROWTH_MAX,
        notes: `from ${mib(before)}, looked at every ${LOOK_MS} ms`,
      },
    );
  }
  await Promise.all([files.stop(), sink.stop()]);
  return rows;
};

/** Bytes of memory that a process occupies. */
const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
