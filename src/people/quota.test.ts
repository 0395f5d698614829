import { expect, test } from 'vitest';
import { effectiveQuota, type Quota, type QuotaConfig, quotaFor } from './quota.ts';

const quota = (parts: Partial<Quota>): Quota => ({ api: {}, disk: {}, notebook: null, tap: {}, ...parts });
const groups = (...names: string[]) => names.map((name) => ({ name }));
const config = (parts: Partial<QuotaConfig>): QuotaConfig => ({
  default: quota({}),
  groups: {},
  bypass: [],
  ...parts,
});

const INSTALLATION = config({
  default: quota({ api: { cutouts: 10, search: 5 }, notebook: { cpu: 2, memory: 4, spawn: true } }),
  groups: {
    science: quota({
      api: { cutouts: 5 },
      disk: { '/home': 100 },
      notebook: { cpu: 1, memory: 1, spawn: true },
    }),
    students: quota({ notebook: { cpu: 0, memory: 0, spawn: false }, tap: { main: { concurrent: 2 } } }),
  },
  bypass: ['operators'],
});

test('a quota is the default and, added to it, that of each group', () => {
  expect(quotaFor(INSTALLATION, groups('science', 'unheard-of'))).toEqual({
    api: { cutouts: 15, search: 5 },
    disk: { '/home': 100 },
    notebook: { cpu: 3, memory: 5, spawn: true },
    tap: {},
  });
});

test('one group that forbids new notebooks is enough to forbid them', () => {
  expect(quotaFor(INSTALLATION, groups('science', 'students'))?.notebook).toEqual({
    cpu: 3,
    memory: 5,
    spawn: false,
  });
});

test('a group named twice counts once', () => {
  expect(quotaFor(INSTALLATION, groups('science', 'science'))?.api).toEqual({ cutouts: 15, search: 5 });
});

test('nothing limits members of a bypass group, and nobody has groups when none are known', () => {
  expect(quotaFor(INSTALLATION, groups('science', 'operators'))).toBeNull();
  expect(quotaFor(INSTALLATION, null)?.api).toEqual({ cutouts: 10, search: 5 });
});

test('overrides take the place of each service and mount by itself, of notebooks and TAP as a whole', () => {
  const overrides = config({
    default: quota({ api: { cutouts: 1 }, tap: { other: { concurrent: 9 } } }),
    groups: { science: quota({ api: { cutouts: 2 }, disk: { '/scratch': 7 } }) },
  });
  expect(effectiveQuota(INSTALLATION, overrides, groups('science', 'students'))).toEqual({
    api: { cutouts: 3, search: 5 },
    disk: { '/home': 100, '/scratch': 7 },
    notebook: { cpu: 3, memory: 5, spawn: false },
    tap: { other: { concurrent: 9 } },
  });
});

test('without configuration the overrides stand alone, and a quota of nothing is none', () => {
  expect(effectiveQuota(null, config({ default: quota({ api: { x: 1 } }) }), null)?.api).toEqual({ x: 1 });
  expect(effectiveQuota(config({}), config({}), null)).toBeNull();
  expect(effectiveQuota(null, null, null)).toBeNull();
});

test('a group named like a property of every object is only a name', () => {
  expect(quotaFor(INSTALLATION, groups('constructor', '__proto__'))?.api).toEqual({ cutouts: 10, search: 5 });
});
