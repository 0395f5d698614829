import { err, ok, type Result } from '../../base/result.ts';
import { redactor } from '../../outbound/redact.ts';
import type { Finding } from '../finding.ts';
import { asList, asRecord, asText, type Json, type JsonRecord, parseJson } from '../json.ts';
import type { Subject } from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { foremanInjection } from './credential.ts';
import { find } from './find.ts';
import { FOREMAN, isForeman } from './product.ts';

/** A refused call: what came, and what it means. */
export interface Refusal {
  readonly status: number;
  /** Messages by field, of a 422. */
  readonly errors: Readonly<Record<string, string>>;
  readonly finding: Finding;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ForemanApi {
  readonly login: string;
  get(path: string, query?: Query, maxBodyBytes?: number): Promise<Result<Json, Refusal>>;
  post(path: string, body: JsonRecord): Promise<Result<Json, Refusal>>;
  delete(path: string): Promise<Result<Json, Refusal>>;
}

/** Encodes each inserted value as one path segment. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((whole, part, index) => {
    const value = values[index - 1];
    return `${whole}${value === undefined ? '' : encodeURIComponent(String(value))}${part}`;
  });
}

/**
 * Calls of Foreman's API, version 2, with Basic. No cookie is kept and none is sent: a session would outlive
 * the revocation of its token. A 401 is never repeated.
 */
export function foremanApi(subject: Subject): ForemanApi {
  const { client, credential } = subject;
  const clean = redactor([credential.secret]);
  const login = credential.identity;

  async function call(
    method: 'GET' | 'POST' | 'DELETE',
    below: string,
    more: { readonly query?: Query; readonly body?: JsonRecord; readonly maxBodyBytes?: number } = {},
  ): Promise<Result<Json, Refusal>> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(more.query ?? {}))
      if (value !== undefined) query.set(key, String(value));
    const search = query.toString();
    const answer = await client.request({
      method,
      path: `${below}${search === '' ? '' : `?${search}`}`,
      headers: {
        Accept: 'application/json;version=2',
        // Messages are translated; those that must be read are asked for in one language.
        'Accept-Language': 'en',
        ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
        ...foremanInjection(credential).set,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
      ...(more.maxBodyBytes === undefined ? {} : { maxBodyBytes: more.maxBodyBytes }),
    });
    const name = `${method} ${below}`;
    if (!answer.ok)
      return err({
        status: 0,
        errors: {},
        finding: clean(failedCall(answer.error, client.origin, FOREMAN, 'P7')),
      });
    const { status, headers, body } = answer.value;
    const json = parseJson(body);
    if (status >= 200 && status < 300 && json !== undefined) return ok(json);
    if (status >= 300 && status < 400) {
      const to = headers.location ?? '';
      const finding = find('FOREMAN_REDIRECT', 'P5', `${name}: ${status}, Location ${to}`, {
        status,
        to: withoutQuery(to),
      });
      return err({ status, errors: {}, finding: clean(finding) });
    }
    return err(clean(explain(name, status, json, body.length, isForeman(answer.value), login)));
  }

  return {
    login,
    get: (below, query, maxBodyBytes) =>
      call('GET', below, {
        ...(query === undefined ? {} : { query }),
        ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
      }),
    post: (below, body) => call('POST', below, { body }),
    delete: (below) => call('DELETE', below),
  };
}

/** Status, keys and shape decide; texts only where Foreman offers nothing else. */
function explain(
  call: string,
  status: number,
  json: Json | undefined,
  bodyBytes: number,
  foreman: boolean,
  login: string,
): Refusal {
  const outer = asRecord(json);
  const inner = asRecord(outer.error);
  const said = asText(inner.message) || asText(outer.message) || asText(outer.error);
  const errors = Object.fromEntries(
    Object.entries(asRecord(inner.errors)).map(([key, list]) => [key, asList(list).map(asText).join(', ')]),
  );
  const full = asList(inner.full_messages).map(asText).join('; ');
  const evidence = `${call}: ${status} ${said || full}`;
  const refusal = (finding: Finding): Refusal => ({ status, errors, finding });
  if (status === 401) return refusal(explainUnauthorized(said, bodyBytes, foreman, login, evidence));
  if (status === 403) {
    const missing = asList(inner.missing_permissions).map(asText);
    return refusal(find('FOREMAN_PERMISSION', 'P8', evidence, { login, missing, what: `do this (${call})` }));
  }
  if (status === 503 && json !== undefined) return refusal(find('FOREMAN_MAINTENANCE', 'P5', evidence, {}));
  if (status >= 500 && /segments/i.test(said)) return refusal(find('FOREMAN_BEARER', 'P7', evidence, {}));
  if (status >= 500 && /ldap/i.test(said))
    return refusal(find('FOREMAN_DIRECTORY', 'P7', evidence, { login }));
  if (json === undefined && !foreman)
    return refusal(find('FOREMAN_NOT_FOREMAN', 'P5', evidence, { url: call, status }));
  return refusal(find('FOREMAN_ODD', 'P7', evidence, { status, said: said || full }));
}

function explainUnauthorized(
  said: string,
  bodyBytes: number,
  foreman: boolean,
  login: string,
  evidence: string,
): Finding {
  if (bodyBytes === 0) return find('FOREMAN_STALE_COOKIE', 'P7', evidence, {});
  if (/too many tries/i.test(said)) return find('FOREMAN_LOCKOUT', 'P7', evidence, {});
  if (/account is disabled/i.test(said)) return find('FOREMAN_DISABLED', 'P7', evidence, { login });
  // The refusal ends with the login it saw; where it ends with a blank it saw none.
  if (/\s$/.test(said) || !foreman)
    return find('FOREMAN_AUTH_STRIPPED', 'P7', evidence, { passOn: FOREMAN.passOnCredential });
  return find('FOREMAN_LOGIN_REFUSED', 'P7', evidence, { login });
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');
