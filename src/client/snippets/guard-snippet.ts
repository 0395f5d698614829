import { caddySnippet } from './caddy.ts';
import { nginxSnippet } from './nginx.ts';
import { checkGuard, type GuardSnippetOptions } from './options.ts';
import { traefikSnippet } from './traefik.ts';

export type GuardKind = 'nginx' | 'traefik' | 'caddy';

const TEMPLATES = { nginx: nginxSnippet, traefik: traefikSnippet, caddy: caddySnippet } as const;

/**
 * Configuration that makes a reverse proxy ask Tessera before each request: a complete file to start from.
 *
 * @throws TesseraError `invalid_option` when an option cannot stand in a configuration
 */
export function guardSnippet(kind: GuardKind, options: GuardSnippetOptions): string {
  return TEMPLATES[kind](checkGuard(options));
}
