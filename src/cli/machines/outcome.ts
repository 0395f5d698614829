import type { Tessera } from '../../client/index.ts';
import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../failure.ts';
import { follow } from './follow.ts';
import { placeOf, successText, wasMade } from './job-view.ts';

/** Waits for the machine unless told not to, and says what became of it. */
export async function outcomeOf(
  tessera: Tessera,
  job: Job,
  wait: boolean,
  context: Context,
): Promise<number> {
  if (!wait) {
    context.out.show(
      job,
      () =>
        `${job.machine.name} is being made ${placeOf(job)}: job ${job.id}\nFollow it:  tessera job show ${job.id} --follow`,
    );
    return EXIT.done;
  }
  return tellEnd(await follow(tessera, job, context), context);
}

export function tellEnd(job: Job, context: Context): number {
  const { out } = context;
  if (wasMade(job)) {
    out.show(job, () => successText(job, context));
    if (job.machine.ip !== null && !job.machine.has_ssh_key && !out.json)
      out.remark('No key was given (--ssh-key): whoever the template knows may log in, and nobody else.');
    return EXIT.done;
  }
  if (out.json) {
    out.show(job, () => '');
    return EXIT.failed;
  }
  throw failureOf(job);
}

function failureOf(job: Job): CliError {
  const { name } = job.machine;
  const left = job.leftover === null ? 'Nothing of it is left.' : `Left over: ${job.leftover}.`;
  if (job.state === 'cancelled') return new CliError(`${name} was cancelled. ${left}`);
  const why = job.problem === null ? '' : ` ${job.problem.sentence}`;
  const again = job.leftover === null ? `tessera job retry ${job.id}` : `tessera vm delete ${name}`;
  const fix = [
    job.problem?.fix ?? '',
    `${job.leftover === null ? 'Then try again' : 'Then remove it'}: ${again}`,
  ];
  return new CliError(
    `${name} could not be made.${why} ${left}`,
    fix.filter((each) => each !== '').join('\n'),
  );
}
