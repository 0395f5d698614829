import { describe, expect, it } from 'vitest';
import { auditChain, type ChainedEntry, type ChainHead, verifyChain } from './chain.ts';
import { type AuditEntry, auditEntry } from './entry.ts';

const chain = auditChain('the key');
/** Somebody who can write rows and knows how they are made, but has no key. */
const forger = auditChain('another key');

const entry = (at: number): AuditEntry =>
  auditEntry(at, { username: 'ada', tokenId: null, address: null }, { action: 'route.used', detail: { at } });

type Row = ChainedEntry;

/** Rows as they are appended: each group linked, its last row sealed. */
function appended(...sizes: number[]): Row[] {
  const rows: Row[] = [];
  for (const size of sizes) {
    for (let at = 1; at <= size; at++) {
      const seq = rows.length + 1;
      const tie = at === size ? chain.seal : chain.link;
      rows.push({ ...entry(seq), seq, mac: tie(rows.at(-1)?.mac ?? '', seq, entry(seq)) });
    }
  }
  return rows;
}

/** The rows from a place on, linked anew over whatever they say now. */
function relinked(rows: readonly Row[], from: number, to: number): Row[] {
  const out = [...rows];
  for (let seq = from; seq <= to; seq++) {
    const row = out[seq - 1] as Row;
    out[seq - 1] = { ...row, mac: forger.link(out[seq - 2]?.mac ?? '', seq, row) };
  }
  return out;
}

const edited = (rows: readonly Row[], seq: number): Row[] =>
  rows.map((row) => (row.seq === seq ? { ...row, actor: 'mallory' } : row));

async function faultsOf(rows: readonly Row[], head?: ChainHead): Promise<[string, number, string][]> {
  const last = rows.at(-1) as Row;
  const noted = head ?? { seq: last.seq, mac: last.mac };
  const report = await verifyChain(
    chain,
    (async function* () {
      yield* rows;
    })(),
    noted,
    { state: 'noted', head: noted },
  );
  return report.faults.map(({ kind, seq, message }) => [kind, seq, message]);
}

describe('rows that are appended together', () => {
  it('are linked, and the last of them is sealed', async () => {
    const rows = appended(3, 1, 2);
    expect(rows.map(({ mac }) => mac.startsWith('#'))).toEqual([true, true, false, false, true, false]);
    expect(await faultsOf(rows)).toEqual([]);
  });

  it('name the row that was edited', async () => {
    expect(await faultsOf(edited(appended(4, 2), 2))).toEqual([
      ['edited', 2, 'Row 2 is not what was written.'],
    ]);
  });

  it('cannot be linked anew without the key', async () => {
    const rows = relinked(edited(appended(2, 4, 1), 4), 4, 5);
    expect(await faultsOf(rows)).toEqual([['edited', 6, 'One of the rows 3 to 6 is not what was written.']]);
  });

  it('cannot do without their seal at the end', async () => {
    const rows = relinked(edited(appended(2, 4), 4), 4, 6);
    expect(await faultsOf(rows)).toEqual([['edited', 6, 'The rows 3 to 6 are not sealed.']]);
  });

  it('cannot do without a seal that another one follows', async () => {
    const rows = relinked(edited(appended(2, 4, 1), 4), 4, 6);
    expect(await faultsOf(rows)).toEqual([['edited', 7, 'One of the rows 3 to 7 is not what was written.']]);
  });

  it('cannot end in their middle', async () => {
    const rows = appended(2, 4).slice(0, 4);
    expect(await faultsOf(rows)).toEqual([['edited', 4, 'The rows 3 to 4 are not sealed.']]);
  });

  it('stand beside rows that were sealed one by one', async () => {
    expect(await faultsOf([...appended(1, 1, 1, 3)])).toEqual([]);
  });
});
