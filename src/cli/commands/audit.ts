import { setTimeout as pause } from 'node:timers/promises';
import type { AuditFilter, AuditRow, Tessera } from '../../client/index.ts';
import { collected } from '../collect.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { pastMoment } from '../moments.ts';
import { numberOfAtLeast } from '../numbers.ts';
import type { Column } from '../table.ts';
import { printable } from '../text.ts';

export interface Options {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly token?: string;
  readonly route?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: string;
  readonly follow?: boolean;
  readonly interval?: string;
}

const ROWS = 50;
const PAGE = 1000;

export async function run(options: Options, context: Context): Promise<void> {
  const { actor, action, subject, token, route, since, until, follow } = options;
  if (follow && until !== undefined)
    throw usageError('--follow goes on for ever; --until has an end.', 'Use one of them.');
  const limit = numberOfAtLeast('--limit', options.limit, ROWS, 1);
  const intervalMs = numberOfAtLeast('--interval', options.interval, 1, 0.01) * 1000;
  const now = context.io.clock();
  const filter: AuditFilter = { actor, action, subject, token, route };
  const tessera = await context.tessera();
  const newestFirst = await collected(
    tessera.audit.list({
      ...filter,
      ...(since === undefined ? {} : { since: pastMoment('--since', since, now) }),
      ...(until === undefined ? {} : { until: pastMoment('--until', until, now) }),
      limit: Math.min(Math.ceil(limit), PAGE),
    }),
    limit,
  );
  const rows = newestFirst.sort((a, b) => a.seq - b.seq);
  if (!follow) return context.out.list(rows, COLUMNS, 'No entry matches.');
  for (const row of rows) printRow(row, context);
  await followFrom(tessera, { ...filter, limit: PAGE }, rows.at(-1)?.seq ?? 0, intervalMs, context);
}

async function followFrom(
  tessera: Tessera,
  filter: AuditFilter,
  start: number,
  intervalMs: number,
  context: Context,
): Promise<void> {
  const { signal } = context.io;
  let last = start;
  while (!signal.aborted) {
    for await (const row of tessera.audit.list({ ...filter, after_seq: last })) {
      printRow(row, context);
      last = Math.max(last, row.seq);
    }
    await pause(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** One line a row, so that both people and programs can read along. */
function printRow(row: AuditRow, context: Context): void {
  context.out.line(
    context.out.json
      ? JSON.stringify(row)
      : COLUMNS.map((column) => printable(column.cell(row)))
          .filter((cell) => cell !== '')
          .join('  '),
  );
}

const COLUMNS: readonly Column<AuditRow>[] = [
  { head: 'When (UTC)', cell: (row) => row.at.replace('T', ' ').replace(/(\.\d+)?Z$/, '') },
  { head: 'Who', cell: (row) => row.actor, folds: true },
  { head: 'What', cell: (row) => row.action, folds: true },
  { head: 'To what', cell: (row) => row.subject ?? row.route ?? '', folds: true },
  { head: 'Request', cell: request, folds: true },
];

function request(row: AuditRow): string {
  const { status, method, path, address, token, detail } = row;
  const { bytes, ms, reason, missing, broken } = detail;
  const parts = [
    status,
    method,
    path,
    address,
    row.route !== null && token !== null ? `token ${token}` : null,
    typeof bytes === 'number' ? byteText(bytes) : null,
    typeof ms === 'number' ? `${ms} ms` : null,
    typeof broken === 'string' ? `broken: ${broken}` : null,
    row.route !== null && typeof reason === 'string' ? reason : null,
    Array.isArray(missing) ? `missing ${missing.join(' or ')}` : null,
  ];
  return parts.filter((part) => part !== null).join(' ');
}

const byteText = (bytes: number): string =>
  bytes < 1024
    ? `${bytes} B`
    : bytes < 1024 ** 2
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
