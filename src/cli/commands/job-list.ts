import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { stateWords } from '../machines/job-view.ts';
import { wholeNumber } from '../numbers.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly limit?: string;
}

export async function run({ limit }: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { items } = await tessera.jobs.list(limit === undefined ? undefined : wholeNumber('--limit', limit));
  context.out.list(items, COLUMNS, 'There is no job. Make a machine: tessera vm create NAME');
}

const COLUMNS = [
  { head: 'Job', cell: (job: Job) => job.id },
  { head: 'Machine', cell: (job: Job) => job.machine.name },
  { head: 'State', cell: (job: Job) => stateWords(job.state), folds: true },
  { head: 'Begun (UTC)', cell: (job: Job) => moment(job.created_at), folds: true },
];
