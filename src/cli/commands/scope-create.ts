import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';

export interface Options {
  readonly scope: string;
  readonly description?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { scope: name } = options;
  const description = options.description ?? (await askDescription(context, name));
  const scope = await (await context.tessera()).scopes.create({ name, description });
  context.out.done(scope, `Registered the scope '${name}'.`);
}

function askDescription(context: Context, name: string): Promise<string> {
  if (context.ask === null)
    throw usageError('A scope needs a description.', 'Say what it allows with --description TEXT.');
  return context.ask.text(`What does ${name} allow?`);
}
