import type { Context } from '../context.ts';
import { findToken } from '../find-token.ts';

export interface Options {
  readonly route: string;
  readonly token: string;
  readonly method: string;
  readonly path: string;
}

/** Ends with 1 when the call would be refused, so that scripts can ask. */
export async function run({ route, token, method, path }: Options, context: Context): Promise<number> {
  const tessera = await context.tessera();
  // What is neither an id nor a token is the name of one.
  const named = token !== '-' && !/^([A-Za-z0-9]{22}$|tsr-|gt-)/.test(token);
  const asked = named ? (await findToken(tessera, { ref: token })).id : token;
  const verdict = await tessera.routes.check(
    route,
    token === '-' ? { method, path } : { token: asked, method, path },
  );
  context.out.record(verdict, [
    ['Verdict', verdict.allowed ? 'allowed' : `refused with ${verdict.status}`],
    ['Because', verdict.reason],
    ['Rule', verdict.rule],
    [
      'Needs',
      verdict.needs.length === 0 ? null : verdict.needs.map((set) => set.join(' or ')).join(', and '),
    ],
    ['Token of', verdict.username],
  ]);
  return verdict.allowed ? 0 : 1;
}
