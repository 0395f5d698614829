import type { Rights } from '../../wire/diagnosis.ts';
import type { Context } from '../context.ts';
import { folded, rightsText } from '../test-view.ts';

/** The table, what is missing, what of a list is unknown or superfluous, and the commands that close the gap. */
export function rightsView(context: Context, rights: Rights): void {
  const { missing, obsolete = [], unneeded = [], fix } = rights;
  context.out.show(rights, () =>
    [
      rightsText(context, rights),
      missing.length === 0
        ? `Nothing is missing to ${rights.task}.`
        : folded('Missing: ', 9, missing.join(', '), context.io.columns),
      obsolete.length === 0
        ? ''
        : folded(
            '',
            0,
            `Unknown to this release, and naming one makes a role fail: ${obsolete.join(', ')}`,
            context.io.columns,
          ),
      unneeded.length === 0
        ? ''
        : folded('Not needed for this: ', 21, unneeded.join(', '), context.io.columns),
      fix.length === 0 ? '' : `On a node, as root:\n${fix.map((line) => `  ${line}`).join('\n')}`,
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  );
}
