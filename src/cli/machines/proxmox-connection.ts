import type { Tessera } from '../../client/index.ts';
import type { Connection } from '../../wire/connections.ts';
import { CliError, usageError } from '../failure.ts';

/** The connection that was named, or the only one there is to Proxmox VE. */
export async function proxmoxConnection(tessera: Tessera, name: string | undefined): Promise<Connection> {
  const { items } = await tessera.connections.list({ kind: 'proxmox' });
  const known = items.map((each) => each.name).join(', ');
  if (name !== undefined) {
    const named = items.find((each) => each.name === name || each.id === name);
    if (named !== undefined) return named;
    throw new CliError(
      `There is no connection '${name}' to Proxmox VE.`,
      known === '' ? 'Make one: tessera proxmox setup' : `There is: ${known}`,
    );
  }
  const [only] = items;
  if (only === undefined)
    throw new CliError('There is no connection to Proxmox VE yet.', 'Make one: tessera proxmox setup');
  if (items.length > 1)
    throw usageError('There are several connections to Proxmox VE.', `Add --connection: ${known}`);
  return only;
}
