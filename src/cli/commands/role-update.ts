import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';

export interface Options {
  readonly role: string;
  readonly scopes?: string[];
  readonly description?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { role: name, scopes, description } = options;
  if (scopes === undefined && description === undefined)
    throw usageError('Nothing to change was given.', 'Use --scopes or --description.');
  const role = await (await context.tessera()).roles.update(name, { scopes, description });
  context.out.done(role, `Changed the role '${name}': ${role.scopes.join(', ') || 'no scopes'}.`);
}
