import type { Context } from '../context.ts';
import { follow } from '../machines/follow.ts';
import { placeOf, problemText, stateWords, stepsText } from '../machines/job-view.ts';
import { tellEnd } from '../machines/outcome.ts';

export interface Options {
  readonly job: string;
  readonly follow?: boolean;
}

export async function run(options: Options, context: Context): Promise<number | undefined> {
  const tessera = await context.tessera();
  const job = await tessera.jobs.get(options.job);
  if (options.follow) return tellEnd(await follow(tessera, job, context), context);
  const { out } = context;
  out.record(job, [
    ['Job', job.id],
    ['Machine', `${job.machine.name}, ${placeOf(job)}`],
    ['State', `${stateWords(job.state)}${job.cancel_requested && !job.ended ? ', to be cancelled' : ''}`],
    ['Owner', job.owner],
    ['Left over', job.leftover],
  ]);
  if (out.json) return undefined;
  out.line(`\n${stepsText(job, context)}`);
  if (job.problem !== null) out.line(`\n${problemText(job, context)}`);
  return undefined;
}
