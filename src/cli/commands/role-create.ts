import type { Context } from '../context.ts';

export interface Options {
  readonly role: string;
  readonly scopes?: string[];
  readonly description?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { role: name, scopes = [], description } = options;
  const role = await (await context.tessera()).roles.create({ name, scopes, description });
  context.out.done(role, `Created the role '${name}'. Give it: tessera user role add NAME ${name}`);
}
