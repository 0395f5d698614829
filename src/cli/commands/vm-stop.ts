import type { Context } from '../context.ts';

export interface Options {
  readonly machine: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const job = await tessera.machines.stop(options.machine);
  context.out.done(job, `${job.machine.name} is stopped.`);
}
