import type { ShownChange } from '../../local/proxmox/save.ts';
import type { Context } from '../context.ts';
import { printable } from '../text.ts';

/** A diff by keys; the values are masked already. */
export function changesText({ out: { paint } }: Context, changes: readonly ShownChange[]): string {
  if (changes.length === 0) return '  (nothing changes)';
  return changes
    .flatMap(({ key, before, after }) => [
      ...(before === null ? [] : [paint.red(`  - ${key}=${printable(before)}`)]),
      ...(after === null ? [] : [paint.green(`  + ${key}=${printable(after)}`)]),
    ])
    .join('\n');
}
