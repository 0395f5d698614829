import type { ConnectionKind } from '../../wire/connection-parts.ts';
import type { Connection } from '../../wire/connections.ts';
import { credentialWords } from '../connection-view.ts';
import type { Context } from '../context.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly kind?: ConnectionKind;
  readonly search?: string;
}

export async function run({ kind, search }: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { items } = await tessera.connections.list({ kind, search });
  context.out.list(
    items,
    COLUMNS,
    'There is no connection. Make one: tessera proxmox setup, or tessera connection create',
  );
}

const COLUMNS = [
  { head: 'Name', cell: (connection: Connection) => connection.name },
  { head: 'Kind', cell: (connection: Connection) => connection.kind },
  { head: 'Origin', cell: (connection: Connection) => connection.origin, folds: true },
  { head: 'Credential', cell: credentialWords, folds: true },
  {
    head: 'Trust',
    cell: ({ trust }: Connection) => (trust.mode === 'none' ? 'NOT CHECKED' : trust.mode),
  },
  { head: 'State', cell: (connection: Connection) => connection.state },
  {
    head: 'Ends',
    cell: (connection: Connection) => moment(connection.credential_expires_at, ''),
    folds: true,
  },
];
