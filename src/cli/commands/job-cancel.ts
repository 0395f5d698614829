import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { follow } from '../machines/follow.ts';
import { stateWords } from '../machines/job-view.ts';

export interface Options {
  readonly job: string;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const asked = await tessera.jobs.cancel(options.job);
  const { name } = asked.machine;
  if (!options.wait) {
    context.out.done(asked, `${name} is being undone. Follow it: tessera job show ${asked.id} --follow`);
    return;
  }
  const job = await follow(tessera, asked, context);
  if (job.state === 'cancelled') {
    context.out.done(job, `Cancelled; nothing of ${name} is left.`);
    return;
  }
  throw new CliError(
    `${name} could not be cancelled: it is ${stateWords(job.state)}.${job.leftover === null ? '' : ` Left over: ${job.leftover}.`}`,
    `Delete it: tessera vm delete ${name}`,
  );
}
