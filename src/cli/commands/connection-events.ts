import type { Event } from '../../wire/events.ts';
import type { Context } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { moment } from '../text.ts';

export interface Options {
  readonly connection?: string;
  readonly state?: 'open' | 'acknowledged' | 'all';
  readonly limit?: string;
  readonly acknowledge?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const tessera = await context.tessera();
  if (options.acknowledge !== undefined) {
    const event = await tessera.events.acknowledge(wholeNumber('--acknowledge', options.acknowledge));
    context.out.done(event, `Acknowledged: ${event.sentence}`);
    return;
  }
  const { connection, state, limit } = options;
  const { items } = await tessera.events.list({
    connection,
    state,
    ...(limit === undefined ? {} : { limit: wholeNumber('--limit', limit) }),
  });
  context.out.list(items, COLUMNS, 'There is no event.');
}

const COLUMNS = [
  { head: 'Id', cell: (event: Event) => String(event.id) },
  { head: 'When', cell: (event: Event) => moment(event.at) },
  { head: 'Connection', cell: (event: Event) => event.connection.name },
  { head: 'Code', cell: (event: Event) => event.code },
  { head: 'What', cell: (event: Event) => event.sentence, folds: true },
  { head: 'Fix', cell: (event: Event) => event.fix, folds: true },
];
