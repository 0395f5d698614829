import type { Context } from '../context.ts';
import { loginOf, machineWords, placeOf, problemText, sizeOf, stateWords } from '../machines/job-view.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly machine: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const job = await tessera.machines.get(options.machine);
  const { machine } = job;
  context.out.record(job, [
    ['Name', machine.name],
    ['State', machineWords(job)],
    ['Unknown', machine.guest_problem],
    ['Place', `${placeOf(job)} (connection ${job.connection.name})`],
    ['Made from', `Ubuntu ${machine.version}, template ${machine.template}`],
    ['Size', sizeOf(job)],
    ['Address', machine.ip],
    ['Log in', loginOf(job)],
    ['Owner', job.owner],
    ['Made', moment(job.created_at)],
    ['Job', `${job.id}, ${stateWords(job.state)}`],
    ['Left over', job.leftover],
  ]);
  if (job.problem !== null && !context.out.json) context.out.line(`\n${problemText(job, context)}`);
}
