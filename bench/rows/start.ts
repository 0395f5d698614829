import { spawnSync } from 'node:child_process';
import { SERVER_CORE } from '../lib/machine.ts';
import { median, ms } from '../lib/numbers.ts';
import { PROGRAM } from '../lib/processes.ts';
import type { Measurement, Row } from '../lib/result.ts';
import { newFolder, serve, setUp } from '../lib/tessera.ts';

/** From the command to listening on a folder that is there already, and to the end of `tessera --help`. */
export const start: Measurement = async (scale) => {
  const folder = await newFolder();
  const first = await serve(folder);
  await setUp(first);
  await first.stop();

  const starts: number[] = [];
  const helps: number[] = [];
  for (let at = 0; at < scale.starts; at++) {
    const startedAt = performance.now();
    const server = await serve(folder);
    starts.push(performance.now() - startedAt);
    await server.stop();
    helps.push(helpMs());
  }
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

function rowOf(what: string, times: readonly number[], limit: number): Row {
  const middle = median(times);
  return {
    what,
    target: `<= ${limit} ms`,
    measured: `${ms(middle)} (${ms(Math.min(...times))}-${ms(Math.max(...times))})`,
    met: middle <= limit,
    notes: `median of ${times.length}, files of the program in the page cache`,
  };
}
