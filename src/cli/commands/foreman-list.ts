import type { Connection } from '../../wire/connections.ts';
import type { Context } from '../context.ts';

export async function run(_options: object, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const { items } = await tessera.connections.list({ kind: 'foreman' });
  context.out.list(
    items,
    COLUMNS,
    'There is no Foreman configuration. Make one: tessera foreman create --help',
  );
}

const COLUMNS = [
  { head: 'ID', cell: (config: Connection) => config.id },
  { head: 'Name', cell: (config: Connection) => config.name, folds: true },
  { head: 'URL', cell: (config: Connection) => config.origin },
  { head: 'Username', cell: (config: Connection) => config.identity ?? '', folds: true },
  { head: 'SSL Verify', cell: (config: Connection) => (config.trust.mode === 'none' ? 'no' : 'yes') },
];
