import { expect, test } from 'vitest';
import type { AuditRow } from '../../src/wire/audit.ts';
import { csvOf } from '../../web/features/audit/export.ts';

const ROW: AuditRow = {
  seq: 1,
  at: '2026-11-22T21:00:00Z',
  action: 'token.created',
  actor: 'alice',
  token: null,
  address: '203.0.113.7',
  subject: null,
  route: null,
  method: null,
  path: null,
  status: null,
  detail: {},
};
const cellsOf = (row: Partial<AuditRow>): string => csvOf([{ ...ROW, ...row }]).split('\r\n')[1] ?? '';

test('the first line names the columns, absent values are empty', () => {
  expect(csvOf([ROW])).toBe(
    'seq,at,action,actor,token,address,subject,route,method,path,status,detail\r\n' +
      '1,2026-11-22T21:00:00Z,token.created,alice,,203.0.113.7,,,,,,{}\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
  '%j is no formula in a spreadsheet',
  (subject) => {
    expect(cellsOf({ subject })).toMatch(/,"?'/);
  },
);

test('quotes, commas and ends of lines stay inside their cell', () => {
  expect(csvOf([{ ...ROW, subject: 'a","b\nc' }])).toContain(',"a"",""b\nc",');
});
