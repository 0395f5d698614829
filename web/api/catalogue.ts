import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import type { Role, Scope } from '../../src/wire/people.ts';
import { tessera } from './tessera.ts';

/** What scopes and roles there are, and what each means in words. */

export const scopesQuery = queryOptions({
  queryKey: ['scopes'],
  queryFn: () => tessera.scopes.list(),
});

export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: () => tessera.roles.list(),
});

export const useScopes = (): readonly Scope[] => useSuspenseQuery(scopesQuery).data.items;
export const useRoles = (): readonly Role[] => useSuspenseQuery(rolesQuery).data.items;

/** After scopes came or went: the list of them, and what whoever is signed in holds. */
export async function scopesChanged(queries: QueryClient): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['scopes'] });
  await queries.invalidateQueries({ queryKey: ['session'] });
}
