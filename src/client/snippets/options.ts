import { TesseraError } from '../error.ts';

export interface GuardSnippetOptions {
  /** Where the reverse proxy reaches Tessera. */
  readonly tesseraUrl: string;
  /** Scopes a caller needs; none: any valid token will do. */
  readonly scopes: readonly string[];
  /** `all` of the scopes (unless told otherwise), or `any` one. */
  readonly satisfy?: 'all' | 'any' | undefined;
  /** Name of the guarded service, for quotas, metrics and the audit trail. */
  readonly service?: string | undefined;
  /** The part of the site that is guarded; `/` unless told. */
  readonly path?: string | undefined;
  /** Origin of the guarded service; `http://127.0.0.1:9000` unless told. */
  readonly upstream?: string | undefined;
}

/** The options checked and cut into what the templates need. Every text is safe to stand in a configuration. */
export interface Guard {
  readonly tessera: Address;
  /** Path and query of the check, without percent signs. */
  readonly check: string;
  readonly service: string;
  readonly path: string;
  readonly upstream: Address;
}

export interface Address {
  readonly scheme: 'http' | 'https';
  readonly hostname: string;
  /** Host and port, the port always written. */
  readonly authority: string;
  readonly origin: string;
}

/**
 * @throws TesseraError `invalid_option` naming the option; nothing that could end a directive and begin another
 *   gets through
 */
export function checkGuard(options: GuardSnippetOptions): Guard {
  const { scopes, satisfy = 'all', path = '/' } = options;
  for (const scope of scopes)
    demand('scope', scope, /^[a-zA-Z0-9:._-]+$/, 'letters, digits and : . _ - are allowed');
  if (satisfy === 'any' && scopes.length === 0)
    throw refused('satisfy', "'any' needs at least one scope", 'Name the scopes of which one is enough.');
  const service = options.service ?? 'app';
  demand('service', service, /^[a-z][a-z0-9-]{0,62}$/, 'a lower-case name of letters, digits and dashes');
  demand('path', path, /^\/[a-zA-Z0-9/._~-]*$/, 'begins with / and has letters, digits and / . _ ~ - only');
  const tessera = address('url', options.tesseraUrl);
  const query = [
    ...scopes.map((scope) => `scope=${scope}`),
    ...(satisfy === 'any' ? ['satisfy=any'] : []),
    ...(options.service === undefined ? [] : [`service=${service}`]),
  ].join('&');
  return {
    tessera,
    check: `/ingress/auth${query === '' ? '' : `?${query}`}`,
    service,
    path,
    upstream: address('upstream', options.upstream ?? 'http://127.0.0.1:9000'),
  };
}

function address(option: string, text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol === 'https:' ? 'https' : url?.protocol === 'http:' ? 'http' : undefined;
  const bare = url && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url === undefined || scheme === undefined || !bare || !/^[a-zA-Z0-9.:[\]-]+$/.test(url.host))
    throw refused(
      option,
      `'${text}' is not a plain address`,
      'Write scheme, host and port: http://127.0.0.1:8001',
    );
  const port = url.port || (scheme === 'https' ? '443' : '80');
  return { scheme, hostname: url.hostname, authority: `${url.hostname}:${port}`, origin: url.origin };
}

function demand(option: string, text: string, pattern: RegExp, rule: string): void {
  if (!pattern.test(text)) throw refused(option, `'${text}' cannot stand there`, `Here ${rule}.`);
}

const refused = (option: string, message: string, fix: string) =>
  new TesseraError({ code: 'invalid_option', message: `${option}: ${message}.`, fix });
