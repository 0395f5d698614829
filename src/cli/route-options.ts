import type { ChangeRoute, RouteRule } from '../wire/routes.ts';
import { usageError } from './failure.ts';

/** Flags that both making and changing a route take. */
export interface RouteOptions {
  readonly host?: string;
  readonly port?: string;
  readonly path?: boolean;
  readonly rule?: string[];
  readonly presets?: boolean;
  readonly passHeader?: string[];
  readonly maxConcurrent?: string;
  readonly timeout?: string;
  readonly idle?: string;
}

export function routeSettings(options: RouteOptions): ChangeRoute {
  const { host, port, path, rule, presets, passHeader, maxConcurrent, timeout, idle } = options;
  return {
    ...(host === undefined ? {} : { host: host === '' ? null : host }),
    ...(port === undefined ? {} : { port: port === '' ? null : whole(port, '--port') }),
    ...(path === undefined ? {} : { by_path: path }),
    ...(rule === undefined ? {} : { rules: rule.map(readRule) }),
    ...(presets === undefined ? {} : { presets }),
    ...(passHeader === undefined ? {} : { pass_headers: passHeader }),
    ...(maxConcurrent === undefined ? {} : { max_concurrent: whole(maxConcurrent, '--max-concurrent') }),
    ...(timeout === undefined ? {} : { first_byte_ms: whole(timeout, '--timeout') * 1000 }),
    ...(idle === undefined ? {} : { idle_ms: whole(idle, '--idle') * 1000 }),
  };
}

function whole(text: string, flag: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usageError(`${flag} wants a whole number, not '${text}'.`);
  return Number(text);
}

/** `GET|HEAD /api/hosts/* read:lab|all:lab`; in place of scopes `anyone` or `never`, `*` for every method. */
export function readRule(text: string): RouteRule {
  const parts = text.trim().split(/\s+/);
  const [methods = '', path = '', who = ''] = parts;
  if (parts.length !== 3)
    throw usageError(
      `--rule wants methods, a path and who may, not '${text}'.`,
      "Such as: --rule 'POST /topics/** write:sasquatch'",
    );
  return {
    methods: methods === '*' ? [] : methods.toUpperCase().split('|'),
    path,
    ...(who === 'anyone' || who === 'never' ? { access: who } : { scopes: who.split('|') }),
  };
}
