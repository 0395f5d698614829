import { expect, test } from 'vitest';
import { fixLines } from './test-view.ts';

test('a remedy has a line for each step and each alternative, and its commands are never folded', () => {
  const grant = `pveum acl modify /sdn/zones/localnetwork --tokens 'maker@pve!flow' --roles TesseraVM`;
  const fix = `${grant}; or: pveum user token modify maker@pve flow --privsep 0`;
  expect(fixLines(fix, 80)).toEqual([
    `Fix:  ${grant}`,
    '      or: pveum user token modify maker@pve flow --privsep 0',
  ]);
});

test('a remedy in words is folded within the line', () => {
  const lines = fixLines(
    "Get the authority's certificate from whoever runs it and give it to this connection, or pin the fingerprint.",
    80,
  );
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});
