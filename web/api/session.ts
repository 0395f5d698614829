import { type QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { TesseraError } from '../../src/client/error.ts';
import type { Me } from '../../src/wire/sessions.ts';
import { forgetSession, noteSession } from './session-end.ts';
import { tessera } from './tessera.ts';

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 30_000,
  async queryFn(): Promise<Me | null> {
    try {
      const me = await tessera.me();
      noteSession(me.username, me.csrf_token);
      return me;
    } catch (error) {
      if (error instanceof TesseraError && error.status === 401) {
        forgetSession();
        return null;
      }
      throw error;
    }
  },
});

/** Whoever is signed in. Only below the shell, which lets nobody else in. */
export function useMe(): Me {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new TesseraError({ code: 'no_credential', message: 'Nobody is signed in.' });
  return data;
}

/** Whether the session holds one of the scopes; without any named, everybody does. */
export function useMay(...scopes: readonly string[]): boolean {
  const me = useMe();
  return scopes.length === 0 || scopes.some((scope) => me.scopes.includes(scope));
}

/** Signs in with a cookie; everything a former person saw is forgotten. */
export async function signIn(queries: QueryClient, username: string, password: string): Promise<void> {
  const session = await tessera.session.signIn({ username, password, delivery: 'cookie' });
  noteSession(session.username, session.csrf_token ?? null);
  queries.clear();
  await queries.fetchQuery(sessionQuery);
}

/** Signs in again where one was: what the pages hold stays. */
export async function signInAgain(queries: QueryClient, username: string, password: string): Promise<void> {
  const session = await tessera.session.signIn({ username, password, delivery: 'cookie' });
  noteSession(session.username, session.csrf_token ?? null);
  await queries.invalidateQueries();
}

export async function signOut(queries: QueryClient): Promise<void> {
  try {
    await tessera.session.signOut();
  } finally {
    forgetSession();
    queries.clear();
    queries.setQueryData(sessionQuery.queryKey, null);
  }
}
