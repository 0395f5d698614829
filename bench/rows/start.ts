import { spawnSync } from 'node:child_process';
import { SERVER_CORE } from '../lib/machine.ts';
import { median, ms } from '../lib/numbers.ts';
import { PROGRAM } from '../lib/processes.ts';
import { type Samples, samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement, Row } from '../lib/result.ts';
import { newFolder, serve, setUp } from '../lib/tessera.ts';

/** From the command to listening on a folder that is there already, and to the end of `tessera --help`. */
export const start: Measurement = async (scale) => {
  const folder = await newFolder();
  const first = await serve(folder);
  await setUp(first);
  await first.stop();

  const starts = await takeSamples(scale.starts, async () => {
    const startedAt = performance.now();
    const server = await serve(folder);
    const took = performance.now() - startedAt;
    await server.stop();
    return took;
  });
  const helps = await takeSamples(scale.starts, async () => helpMs());
  return [
    rowOf('start to listening on an existing data folder', starts, 1000),
    rowOf('`tessera --help`', helps, 150),
  ];
};

function helpMs(): number {
  const startedAt = performance.now();
  const { status } = spawnSync('taskset', ['-c', String(SERVER_CORE), process.execPath, PROGRAM, '--help']);
  if (status !== 0) throw new Error(`tessera --help ended with ${status}`);
  return performance.now() - startedAt;
}

function rowOf(what: string, samples: Samples<number>, limit: number): Row {
  const times = samples.kept;
  const middle = median(times);
  return {
    what,
    target: `<= ${limit} ms`,
    measured: `${ms(middle)} (${ms(Math.min(...times))}-${ms(Math.max(...times))})`,
    met: middle <= limit,
    notes: `median of ${samplesText(samples, 'starts')}; the program is in the page cache`,
  };
}
