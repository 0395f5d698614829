import { routeSnippet, type SnippetTool } from '../../client/snippets/route-snippet.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';

export interface Options {
  readonly name: string;
  readonly for?: SnippetTool;
  readonly ca?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  if (options.for === undefined) throw usageError('--for is missing.', 'Such as: --for curl');
  const route = await (await context.tessera()).routes.get(options.name);
  const { url } = await context.target();
  const text = routeSnippet(options.for, {
    route,
    server: url,
    ...(options.ca === undefined ? {} : { caFile: options.ca }),
  });
  context.out.show({ for: options.for, text }, () => text);
}
