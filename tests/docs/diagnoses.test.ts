import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { foremanFaults } from '../../src/doubles/foreman/faults.ts';
import { clientSideOnly, proxmoxFaults } from '../../src/doubles/proxmox/faults.ts';
import { provokable, provoke, provokeServer } from '../kinds/provoke.ts';
import { closeAll } from '../kinds/support.ts';
import { blockOf, blocksOf } from './diagnoses.ts';

afterEach(closeAll);

const BLOCKS = blocksOf(readFileSync(new URL('../../docs/diagnoses.md', import.meta.url), 'utf8'));

/** Of the faults of Foreman: two change nothing for a client like ours, the rest are called as everywhere. */
const UNTOUCHED_BY = ['SESSION_STALE', 'OLD_RELEASE'];

describe('the page of diagnoses', () => {
  test('has every fault that can be brought about, and no other', () => {
    expect([...BLOCKS.keys()].sort()).toEqual([...provokable].sort());
    const known = [...proxmoxFaults.keys(), ...clientSideOnly];
    expect(known.filter((code) => !BLOCKS.has(code))).toEqual([]);
    const ofForeman = [...BLOCKS.keys()].filter((code) => code.startsWith('FOREMAN_'));
    const own = [...foremanFaults.keys()].filter((fault) => !proxmoxFaults.has(fault));
    // A stripped credential has one name there and another here.
    expect(ofForeman.length).toBe(own.filter((fault) => !UNTOUCHED_BY.includes(fault)).length + 1);
  });

  test.each([...BLOCKS])('says what is found, by which look, and what to do: %s', async (code, block) => {
    const found = await provoke(code);
    // The same code may name two things at once, as two permissions that are missing.
    expect([...new Set(found.map((finding) => finding.code))]).toEqual([code]);
    expect(found.map(blockOf)[0]).toBe(block);
  });

  test('calls a name that only the server refuses as one that is refused here', async () => {
    const found = await provokeServer('NAME_BAD');
    expect(found.map(({ code, probe }) => [code, probe])).toEqual([['NAME_BAD', 'P16']]);
  });
});
