import { backupCreate, backupRestore, backupVerify, offlineSettings } from '../../offline.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';

/** The door to what works on the database directly. It is loaded by the commands that need it and by no other. */

export interface OfflineOptions {
  readonly dataDir?: string;
}

export { backupCreate, backupRestore, backupVerify };

/** Settings as the server would read them, from flags and environment. */
export function settingsHere({ dataDir }: OfflineOptions, context: Context) {
  const settings = offlineSettings(dataDir === undefined ? {} : { dataDir }, context.io.env);
  if (settings.ok) return settings.value;
  const [first] = settings.error;
  throw usageError(
    `The settings are not in order: ${settings.error.map((each) => each.message).join(' ')}`,
    first === undefined ? undefined : 'They come from flags and TESSERA_... in the environment.',
  );
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

/** The value, or the refusal as a failure of the command. */
export function done<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Refusal },
): T {
  if (result.ok) return result.value;
  throw new CliError(result.error.message, result.error.fix);
}
