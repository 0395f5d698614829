import type { Job } from '../../wire/machines.ts';
import type { Context } from '../context.ts';
import { machineWords } from '../machines/job-view.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { items } = await tessera.machines.list();
  context.out.list(items, COLUMNS, 'There is no machine. Make one: tessera vm create NAME');
  // A connection that does not answer says the same of all its machines.
  const problems = items.flatMap(({ connection, machine: { guest_problem } }) =>
    guest_problem === null ? [] : [`Unknown at ${connection.name}: ${guest_problem}`],
  );
  for (const problem of new Set(problems)) context.out.remark(problem);
}

const COLUMNS = [
  { head: 'Name', cell: ({ machine }: Job) => machine.name },
  { head: 'State', cell: machineWords },
  { head: 'Guest', cell: ({ machine }: Job) => String(machine.vmid ?? '') },
  { head: 'Node', cell: ({ machine }: Job) => machine.node },
  { head: 'Address', cell: ({ machine }: Job) => machine.ip ?? '' },
  { head: 'Ubuntu', cell: ({ machine }: Job) => machine.version },
  { head: 'Owner', cell: ({ owner }: Job) => owner, folds: true },
];
