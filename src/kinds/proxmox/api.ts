import { err, ok, type Result } from '../../base/result.ts';
import type { OutboundFailure } from '../../outbound/failure.ts';
import { redactor } from '../../outbound/redact.ts';
import type { Finding } from '../finding.ts';
import { asRecord, asText, type Json, parseJson } from '../json.ts';
import type { Carrier, Subject } from '../kind.ts';

/** A call that did not succeed. `status` is 0 where no answer came. */
export interface CallFault {
  readonly call: string;
  readonly status: number;
  /** Reason phrase, and below it the full message where the release sends one. */
  readonly text: string;
  /** Parameter to what is wrong with it. */
  readonly errors: Readonly<Record<string, string>>;
  readonly failure?: OutboundFailure;
  /** The credential could not be made ready: nothing was asked. */
  readonly finding?: Finding;
  readonly server?: string;
}

export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ProxmoxApi {
  /** `data` of the answer. Arguments ride in the query: the server refuses a body on GET and DELETE. */
  get(path: string, query?: Parameters): Promise<Result<Json, CallFault>>;
  post(path: string, form?: Parameters): Promise<Result<Json, CallFault>>;
  put(path: string, form?: Parameters): Promise<Result<Json, CallFault>>;
  delete(path: string, query?: Parameters): Promise<Result<Json, CallFault>>;
}

/** Builds a path below the API with every inserted value encoded: node names, UPIDs, user ids. */
export function path(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((whole, part, index) => {
    const value = values[index - 1];
    return `${whole}${value === undefined ? '' : encodeURIComponent(String(value))}${part}`;
  });
}

/** Calls below `/api2/json` with the subject's credential. Bodies are forms with a length, never chunked. */
export function proxmoxApi(subject: Subject, carrier: Carrier): ProxmoxApi {
  const clean = redactor([subject.credential.secret]);

  async function call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    below: string,
    parameters: Parameters = {},
  ): Promise<Result<Json, CallFault>> {
    const name = `${method} ${below}`;
    const injection = await carrier.inject(method);
    if (!injection.ok)
      return err({
        call: name,
        status: 0,
        text: injection.error.sentence,
        errors: {},
        finding: injection.error,
      });
    const encoded = encodeForm(parameters);
    const inQuery = method === 'GET' || method === 'DELETE';
    const answer = await subject.client.request({
      method,
      path: `/api2/json${below}${inQuery && encoded !== '' ? `?${encoded}` : ''}`,
      headers: {
        Accept: 'application/json',
        ...injection.value.set,
        ...(!inQuery && encoded !== '' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(!inQuery && encoded !== '' ? { body: encoded } : {}),
    });
    if (!answer.ok)
      return err({ call: name, status: 0, text: answer.error.message, errors: {}, failure: answer.error });
    const { status, reason, body, headers } = answer.value;
    const parsed = parseJson(body);
    if (status >= 200 && status < 300 && parsed !== undefined) return ok(asRecord(parsed).data ?? null);
    const message = asText(asRecord(parsed).message).trim();
    const errors = Object.entries(asRecord(asRecord(parsed).errors)).map(([key, value]) => [
      key,
      asText(value),
    ]);
    return err(
      clean({
        call: name,
        status,
        text: message === '' || message === reason ? reason : `${reason}\n${message}`,
        errors: Object.fromEntries(errors) as Record<string, string>,
        server: headers.server ?? '',
      }),
    );
  }

  return {
    get: (below, query) => call('GET', below, query),
    post: (below, form) => call('POST', below, form),
    put: (below, form) => call('PUT', below, form),
    delete: (below, query) => call('DELETE', below, query),
  };
}

/** Everything but letters, digits and `-_.~` is encoded: the server splits at `;` and cuts at a second `=`. */
function encodeForm(parameters: Parameters): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return Object.entries(parameters)
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      const text =
        typeof value === 'boolean'
          ? value
            ? '1'
            : '0'
          : Array.isArray(value)
            ? value.join(',')
            : String(value);
      return [`${encode(name)}=${encode(text)}`];
    })
    .join('&');
}
