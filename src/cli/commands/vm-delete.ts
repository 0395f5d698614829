import { type Context, confirmed } from '../context.ts';
import { placeOf } from '../machines/job-view.ts';

export interface Options {
  readonly machine: string;
  readonly yes?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const found = await tessera.machines.get(options.machine);
  const { name } = found.machine;
  await confirmed(context, `Delete ${name} (${placeOf(found)})? Its disk is lost.`, options.yes);
  // By the job: the name may be another machine's by the time the question is answered.
  const job = await tessera.machines.delete(found.id);
  context.out.done(job, `Deleted ${name} (${placeOf(job)}).`);
}
