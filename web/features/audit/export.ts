import type { AuditRow } from '../../../src/wire/audit.ts';

const COLUMNS = [
  'seq',
  'at',
  'action',
  'actor',
  'token',
  'address',
  'subject',
  'route',
  'method',
  'path',
  'status',
] as const;

/** RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe: strangers choose some of them. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(rows: readonly AuditRow[]): string {
  const lines = rows.map((row) => [
    ...COLUMNS.map((name) => cell(row[name])),
    cell(JSON.stringify(row.detail)),
  ]);
  return `${[[...COLUMNS, 'detail'], ...lines].map((line) => line.join(',')).join('\r\n')}\r\n`;
}

export const jsonOf = (rows: readonly AuditRow[]): string => `${JSON.stringify(rows, null, 2)}\n`;
