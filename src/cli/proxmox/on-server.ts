import type { Tessera } from '../../client/index.ts';
import type { Connection, CredentialInput } from '../../wire/connections.ts';
import type { Context } from '../context.ts';
import { CliError } from '../failure.ts';
import type { AdminOptions } from './admin.ts';
import { adminLogin } from './admin.ts';

/** The server, and the connection a command was told to work on; it has to be one to Proxmox VE. */
export async function onServer(
  name: string,
  context: Context,
): Promise<{ readonly tessera: Tessera; readonly connection: Connection }> {
  const tessera = await context.tessera();
  const connection = await tessera.connections.get(name);
  if (connection.kind !== 'proxmox')
    throw new CliError(
      `${connection.name} leads to ${connection.kind}, not to Proxmox VE.`,
      'See: tessera connection list',
    );
  return { tessera, connection };
}

/** An administrator's login in the form the server takes it for one call. */
export async function adminInput(
  options: AdminOptions,
  preset: string,
  context: Context,
): Promise<CredentialInput> {
  const { user, secret } = await adminLogin(options, preset, context);
  return { method: user.includes('!') ? 'token' : 'password', user, secret: secret.reveal() };
}
