import type { Context } from '../context.ts';

export interface Options {
  readonly route: string;
  readonly token: string;
  readonly method: string;
  readonly path: string;
}

/** Ends with 1 when the call would be refused, so that scripts can ask. */
export async function run({ route, token, method, path }: Options, context: Context): Promise<number> {
  const asked = token === '-' ? { method, path } : { token, method, path };
  const verdict = await (await context.tessera()).routes.check(route, asked);
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
