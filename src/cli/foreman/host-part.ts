import type { Context } from '../context.ts';
import { type ConfigChoice, foremanConfig } from './config.ts';
import { field, type Row } from './rows.ts';

export interface HostOptions extends ConfigChoice {
  readonly host: string;
  readonly search?: string;
}

/** Facts, parameters or classes of one host, as Foreman tells them. */
export async function hostPart(
  options: HostOptions,
  part: 'facts' | 'parameters' | 'puppetclasses',
  context: Context,
): Promise<unknown> {
  const { tessera, config } = await foremanConfig(options, context);
  return (await tessera.connections.hostPart(config.id, options.host, part)).value;
}

/** Parameters come as a list, classes as lists by module. */
export function rowsOf(value: unknown): Row[] {
  const isRow = (each: unknown): each is Row =>
    typeof each === 'object' && each !== null && !Array.isArray(each);
  if (Array.isArray(value)) return value.filter(isRow);
  if (!isRow(value)) return [];
  return Object.entries(value).flatMap(([module, rows]) =>
    (Array.isArray(rows) ? rows.filter(isRow) : []).map((row) => ({ module, ...row })),
  );
}

/** Rows in which any of the fields holds the text. */
export const matching = (rows: readonly Row[], search: string | undefined): readonly Row[] =>
  search === undefined
    ? rows
    : rows.filter((row) =>
        Object.keys(row).some((key) => field(row, key).toLowerCase().includes(search.toLowerCase())),
      );
