import { rowCount } from '../backup-view.ts';
import { type Context, confirmed } from '../context.ts';
import { fileAt } from '../proxmox/source.ts';
import { waiting } from '../waiting.ts';
import { backupRestore, done, type OfflineOptions, settingsHere } from './offline.ts';

export interface Options extends OfflineOptions {
  readonly file: string;
  readonly yes?: boolean;
}

/** Verified first, then all of it or nothing, into an empty database. */
export async function run(options: Options, context: Context): Promise<void> {
  const file = fileAt(options.file, context);
  const settings = settingsHere(options, context);
  await confirmed(context, `Restore ${file} into ${settings.config.dataDir}?`, options.yes);
  const { rows, check } = done(await waiting(context, 'Restoring', backupRestore(settings, file)));
  context.out.done({ file, rows, sealed: check.sealed }, `Restored ${rowCount(rows)} from ${file}.`);
}
