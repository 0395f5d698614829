import type { Context } from '../context.ts';
import { outcomeOf } from '../machines/outcome.ts';

export interface Options {
  readonly job: string;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export async function run(options: Options, context: Context): Promise<number> {
  const tessera = await context.tessera();
  return outcomeOf(tessera, await tessera.jobs.retry(options.job), options.wait, context);
}
