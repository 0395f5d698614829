import { rowCount } from '../backup-view.ts';
import type { Context } from '../context.ts';
import { fileAt } from '../proxmox/source.ts';
import { waiting } from '../waiting.ts';
import { backupCreate, done, type OfflineOptions, settingsHere } from './offline.ts';

export interface Options extends OfflineOptions {
  readonly file: string;
}

/** A consistent copy of the database, secrets sealed as they are; the server may go on running. */
export async function run(options: Options, context: Context): Promise<void> {
  const file = fileAt(options.file, context);
  const settings = settingsHere(options, context);
  const header = done(await waiting(context, 'Copying', backupCreate(settings, file, context.io.clock)));
  context.out.done({ file, ...header }, `Backup written to ${file}: ${rowCount(header.rows)}.`);
  if (context.out.json) return;
  context.out.remark(
    header.key_ids.length === 0
      ? 'Nothing in it is sealed.'
      : `Keep the master key file as well, and apart from it: without key ${header.key_ids.join(', ')} no secret opens.`,
  );
}
