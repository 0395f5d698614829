import type { MachineStray } from '../../wire/machines.ts';
import { type Context, confirmed } from '../context.ts';
import { stateWords } from '../machines/job-view.ts';
import { quantity } from '../text.ts';

export interface Options {
  readonly unknown?: boolean;
  readonly yes?: boolean;
}

/**
 * Deletes guests that no job counts as its machine, known by their marks. One whose job is unknown here may be the
 * machine of another Tessera, so it takes a word of its own.
 */
export async function run({ unknown, yes }: Options, context: Context): Promise<number> {
  const { out } = context;
  const tessera = await context.tessera();
  const { items, unsearched } = await tessera.strays.list();
  for (const { connection, problem } of unsearched) out.remark(`Not searched: ${connection}: ${problem}`);
  const exitCode = unsearched.length === 0 ? 0 : 1;
  const wanted = items.filter(({ state }) => unknown || state !== null);
  const others = items.length - wanted.length;
  if (others > 0)
    out.remark(
      `${quantity(others, 'guest')} of jobs unknown here, perhaps of another Tessera: see --unknown.`,
    );
  if (wanted.length === 0) {
    out.done([], unsearched.length === 0 ? 'Nothing is left over.' : 'Nothing was found elsewhere.');
    return exitCode;
  }
  for (const stray of wanted) out.remark(strayText(stray));
  const disks = wanted.length === 1 ? 'its disk' : 'their disks';
  await confirmed(context, `Delete ${quantity(wanted.length, 'guest')} with ${disks}?`, yes);
  for (const { connection, vmid, name } of wanted) {
    await tessera.strays.delete(connection.id, vmid);
    out.remark(`Deleted ${name}.`);
  }
  if (out.json) out.show(wanted, () => '');
  return exitCode;
}

const strayText = ({ connection, vmid, node, name, job, state }: MachineStray): string =>
  `${name}: guest ${vmid} on ${node} (${connection.name}), job ${job} ${state === null ? 'unknown' : stateWords(state)}`;
