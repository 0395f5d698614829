import { routeSnippet, SNIPPET_TOOLS, type SnippetTool } from '../../client/snippets/route-snippet.ts';
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
  const tools = SNIPPET_TOOLS[route.kind];
  // What stands behind a plain address nobody knows here.
  if (route.kind !== 'http' && !tools.includes(options.for))
    throw usageError(
      `The route '${route.name}' leads to ${route.kind}, which ${options.for} does not speak to.`,
      `Such as: --for ${tools.join(', --for ')}`,
    );
  const { url } = await context.target();
  const text = routeSnippet(options.for, {
    route,
    server: url,
    ...(options.ca === undefined ? {} : { caFile: options.ca }),
  });
  context.out.show({ for: options.for, text }, () => text);
}
