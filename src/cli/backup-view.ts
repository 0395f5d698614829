import { quantity } from './text.ts';

/** `12 rows in 3 tables`, empty tables left out. */
export function rowCount(rows: Readonly<Record<string, number>>): string {
  const filled = Object.values(rows).filter((count) => count > 0);
  const total = filled.reduce((sum, count) => sum + count, 0);
  return `${quantity(total, 'row')} in ${quantity(filled.length, 'table')}`;
}
