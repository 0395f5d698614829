import { type GuardKind, guardSnippet } from '../../client/index.ts';
import type { Context } from '../context.ts';

export interface Options {
  readonly kind: GuardKind;
  readonly scopes?: string[];
  readonly satisfy?: 'all' | 'any';
  readonly service?: string;
  readonly path?: string;
  readonly upstream?: string;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { kind, scopes = [], satisfy, service, path, upstream } = options;
  const { url: tesseraUrl } = await context.target();
  const snippet = guardSnippet(kind, { tesseraUrl, scopes, satisfy, service, path, upstream });
  context.out.show({ kind, snippet }, () => snippet);
  if (scopes.length === 0)
    context.out.remark('No scope is asked for: any valid token gets in. Name one with --scope.');
}
