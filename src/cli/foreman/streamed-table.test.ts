import { expect, test } from 'vitest';
import { streamedTable } from './streamed-table.ts';

function printed(columns: number, ...pages: string[][][]): string[] {
  const lines: string[] = [];
  const table = streamedTable(['ID', 'Name', 'OS'], columns, (line) => lines.push(line));
  for (const page of pages) table.rows(page);
  return lines;
}

test('heads come once, and every page keeps the widths of the first', () => {
  expect(printed(80, [['1', 'web', 'Ubuntu']], [['2', 'db', 'Debian']])).toEqual([
    'ID  Name  OS',
    '--  ----  ------',
    '1   web   Ubuntu',
    '2   db    Debian',
  ]);
});

test('long cells are folded within the line and the first column is never cut', () => {
  const lines = printed(30, [['36', 'a-very-long-host-name.example.com', 'Ubuntu 20.04']]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(30);
  expect(lines.join('')).toContain('36');
});

test('a line that is too narrow is folded between words before a word is cut', () => {
  const lines = printed(40, [['1', 'database-002.lab.example', 'Ubuntu Server 22.04']]);
  expect(lines.slice(2)).toEqual([
    '1   database-002.lab.example  Ubuntu',
    '                              Server',
    '                              22.04',
  ]);
});

test('without an end of the line every row stays one, also where a later page is wider', () => {
  const lines = printed(Number.POSITIVE_INFINITY, [['1', 'web', 'x']], [['2', 'a-longer.name', 'two words']]);
  expect(lines.slice(2)).toEqual(['1   web   x', '2   a-longer.name  two words']);
});

test('nothing in a cell steers the terminal', () => {
  expect(printed(80, [['1', '\u001b[31mred', 'x']]).join('')).not.toContain('\u001b');
});
