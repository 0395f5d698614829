import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { type HostOptions, hostPart } from '../foreman/host-part.ts';

export interface Options extends HostOptions {
  readonly limit?: string;
}

const LIMIT = 100;

/** Facts by name; the search looks at names. */
export async function run(options: Options, context: Context): Promise<void> {
  const limit = options.limit ?? String(LIMIT);
  if (!/^[1-9]\d{0,6}$/.test(limit))
    throw usageError(`--limit: '${limit}' is not a number.`, 'Write a whole number.');
  const value = await hostPart(options, 'facts', context);
  const facts = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const wanted = facts.filter(([name]) => options.search === undefined || name.includes(options.search));
  const shown = wanted.slice(0, Number(limit));
  if (context.out.json) context.out.show(Object.fromEntries(shown), () => '');
  else context.out.list(shown, COLUMNS, 'The host has no such fact.');
  if (shown.length < wanted.length && !context.out.json)
    context.out.remark(`${shown.length} of ${wanted.length} shown; more with --limit ${wanted.length}`);
}

const COLUMNS = [
  { head: 'Fact', cell: ([name]: [string, unknown]) => name },
  {
    head: 'Value',
    cell: ([, value]: [string, unknown]) => (typeof value === 'string' ? value : JSON.stringify(value)),
    folds: true,
  },
];
