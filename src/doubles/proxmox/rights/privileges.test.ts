import { expect, test } from 'vitest';
import { editionOf } from '../editions.ts';
import { builtInRoles, knownPrivileges } from './privileges.ts';

test.each([
  ['7', { all: 38, PVEAdmin: 34, PVEVMAdmin: 18, PVEVMUser: 6, PVEAuditor: 5 }],
  ['8', { all: 42, PVEAdmin: 35, PVEVMAdmin: 18, PVEVMUser: 6, PVEAuditor: 6 }],
  ['9', { all: 47, PVEAdmin: 40, PVEVMAdmin: 23, PVEVMUser: 10, PVEAuditor: 7 }],
] as const)('release %s knows its number of privileges and gives each role its share', (release, counts) => {
  const edition = editionOf(release);
  const roles = builtInRoles(edition);
  const { all, ...perRole } = counts;
  expect(knownPrivileges(edition).size).toBe(all);
  expect(roles.get('Administrator')?.size).toBe(all);
  for (const [role, count] of Object.entries(perRole))
    expect([role, roles.get(role)?.size]).toEqual([role, count]);
  expect(roles.get('PVEAdmin')?.has('Permissions.Modify')).toBe(release === '7');
});
