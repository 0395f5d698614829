import { resolve } from 'node:path';
import { findSettings } from '../../local/proxmox/find-settings.ts';
import type { ProxmoxSettings } from '../../local/proxmox/settings.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { expandHome } from '../files.ts';
import { orFail } from '../local-failure.ts';

/** Where the settings of a command come from. */
export interface SourceOptions {
  readonly env?: string;
  readonly tfvars?: string;
  readonly connection?: string;
  readonly host?: string;
  readonly node?: string;
}

/** A file as the person named it, from where they stand. */
export const fileAt = (path: string, context: Context): string => resolve(expandHome(path, context.io.home));

export const envFileOf = (options: SourceOptions, context: Context): string =>
  fileAt(options.env ?? '.env', context);

/** Settings of this machine, with what was said on the command line in front. */
export async function settingsOf(
  options: SourceOptions,
  context: Context,
  toWrite = false,
): Promise<ProxmoxSettings> {
  const { env, tfvars, host, node } = options;
  const found = orFail(
    await findSettings({
      ...(env === undefined ? {} : { envFile: fileAt(env, context) }),
      ...(tfvars === undefined ? {} : { tfvarsFile: fileAt(tfvars, context) }),
      folder: process.cwd(),
      environment: context.io.env,
      toWrite,
    }),
  );
  return {
    ...found,
    ...(host === undefined ? {} : movedTo(found, host)),
    ...(node === undefined ? {} : { node }),
  };
}

/** A pin belongs to one host: it says nothing of another. */
const movedTo = (found: ProxmoxSettings, host: string): Partial<ProxmoxSettings> =>
  host === found.host ? {} : { host, pin: '', names: { ...found.names, host: '--host' } };

/** Refuses what only one of the two places can mean. */
export function refuseBoth(options: SourceOptions): void {
  if (options.connection !== undefined && (options.env !== undefined || options.tfvars !== undefined))
    throw usageError(
      'A connection of the server and a file of this machine are both named.',
      'Give --connection, or --env or --tfvars.',
    );
}
