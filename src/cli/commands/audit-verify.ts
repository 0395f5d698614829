import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import { printable, quantity } from '../text.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const verification = await (await context.tessera()).audit.verify();
  const { intact, rows, faults } = verification;
  context.out.show(verification, () =>
    intact
      ? `The audit trail is intact: ${quantity(rows, 'row')}.`
      : faults.map((each) => printable(`row ${each.seq}: ${each.kind}: ${each.message}`)).join('\n'),
  );
  if (!intact)
    throw new CliError(
      `The audit trail is not intact: ${quantity(faults.length, 'fault')} in ${quantity(rows, 'row')}.`,
      'Compare with a backup, and find out who could write to the database.',
    );
}
