import { TesseraError } from './error.ts';
import { notJson, redirected, refusal } from './refusal.ts';
import { unreachable } from './unreachable.ts';

export interface TransportOptions {
  /** Where Tessera is, `https://tokens.example.com`; empty: the page's own origin (in a browser). */
  readonly url: string;
  readonly token?: string | undefined;
  /** Sent with every change; only needed when the session cookie is the credential. */
  readonly csrfToken?: string | undefined;
  /** Milliseconds for one request, 30 000 unless told; 0: none. */
  readonly timeoutMs?: number | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Ends what this client is at; calls then reject with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Call {
  readonly query?: Query | undefined;
  readonly json?: unknown;
  /** Sent as application/x-www-form-urlencoded. */
  readonly form?: Readonly<Record<string, string | undefined>> | undefined;
  /** Instead of the client's own token; null: none at all. */
  readonly token?: string | null | undefined;
  /** Instead of the client's own time limit. */
  readonly timeoutMs?: number | undefined;
}

export interface Transport {
  /** The body of a 2xx answer. Rejects with TesseraError, or with the reason of the signal. */
  call<T>(method: string, path: string, call?: Call): Promise<T>;
  /** The lines of an answer in JSON lines, as they arrive. Time runs anew with every line. */
  lines<T>(method: string, path: string, call?: Call): AsyncGenerator<T, void, void>;
  /** Remembers the CSRF token an answer brought. */
  carryCsrfToken(token: string): void;
}

const TIMEOUT_MS = 30_000;

export function openTransport(options: TransportOptions): Transport {
  const base = options.url.replace(/\/+$/, '');
  if (base !== '' && !/^https?:\/\/[^/?#@\s]+(\/[^?#@\s]*)?$/i.test(base))
    throw new TesseraError({
      code: 'invalid_option',
      message: 'url: must be an http or https address without user name, query or fragment.',
      fix: 'Write it as https://tokens.example.com',
    });
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const send = options.fetch ?? globalThis.fetch.bind(globalThis);
  let csrfToken = options.csrfToken;

  function headersFor(method: string, call: Call): Headers {
    const headers = new Headers({ accept: 'application/json' });
    const token = call.token === undefined ? options.token : (call.token ?? undefined);
    if (token !== undefined) headers.set('authorization', `Bearer ${checkedToken(token)}`);
    if (call.json !== undefined) headers.set('content-type', 'application/json');
    if (csrfToken !== undefined && token === undefined && method !== 'GET')
      headers.set('x-csrf-token', csrfToken);
    return headers;
  }

  return {
    carryCsrfToken(token) {
      csrfToken = token;
    },

    async call<T>(method: string, path: string, call: Call = {}): Promise<T> {
      const url = `${base}${path}${queryText(call.query)}`;
      const limitMs =
        call.timeoutMs === undefined || timeoutMs === 0 ? timeoutMs : Math.max(call.timeoutMs, timeoutMs);
      const limits = [options.signal, limitMs > 0 ? AbortSignal.timeout(limitMs) : undefined].filter(
        (signal) => signal !== undefined,
      );
      const headers = headersFor(method, call);
      let response: Response;
      let text: string;
      try {
        response = await send(url, {
          method,
          headers,
          // Without it fetch would carry the credential wherever an answer points.
          redirect: 'manual',
          ...bodyOf(call),
          ...(limits.length > 0 ? { signal: AbortSignal.any(limits) } : {}),
        });
        text = await response.text();
      } catch (failure) {
        if (options.signal?.aborted) throw options.signal.reason;
        throw unreachable(failure, base === '' ? 'the server' : base, limitMs);
      }
      return read<T>(response, text, base === '' ? response.url : base);
    },

    async *lines<T>(method: string, path: string, call: Call = {}): AsyncGenerator<T, void, void> {
      const headers = headersFor(method, call);
      headers.set('accept', 'application/x-ndjson, application/json');
      const place = base === '' ? 'the server' : base;
      const limitMs = timeoutMs === 0 ? 0 : Math.max(call.timeoutMs ?? 0, timeoutMs);
      const stop = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const allowTime = (): void => {
        clearTimeout(timer);
        if (limitMs > 0) timer = setTimeout(() => stop.abort(), limitMs);
      };
      allowTime();
      const signals = [options.signal, stop.signal].filter((signal) => signal !== undefined);
      try {
        const response = await send(`${base}${path}${queryText(call.query)}`, {
          method,
          headers,
          redirect: 'manual',
          ...bodyOf(call),
          signal: AbortSignal.any(signals),
        });
        if (!response.ok || response.body === null) {
          read<T>(response, await response.text(), place);
          return;
        }
        let rest = '';
        const decoder = new TextDecoder();
        // Not every browser can iterate over a body.
        const reader = response.body.getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
          allowTime();
          const parts = (rest + decoder.decode(piece.value, { stream: true })).split('\n');
          rest = parts.pop() ?? '';
          for (const part of parts) if (part !== '') yield JSON.parse(part) as T;
        }
      } catch (failure) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (failure instanceof TesseraError) throw failure;
        throw unreachable(failure, place, limitMs);
      } finally {
        clearTimeout(timer);
        stop.abort();
      }
    },
  };
}

function read<T>(response: Response, text: string, url: string): T {
  const { status, headers } = response;
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400))
    throw redirected(status, headers.get('location'), url);
  if (status === 204 || (response.ok && text === '')) return undefined as T;
  const body = parsed(text);
  if (!response.ok) throw refusal(status, headers, body, url);
  if (typeof body !== 'object' || body === null) throw notJson(status, headers, url);
  return body as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bodyOf(call: Call): { body?: string | URLSearchParams } {
  if (call.json !== undefined) return { body: JSON.stringify(call.json) };
  if (call.form === undefined) return {};
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(call.form)) if (value !== undefined) form.append(key, value);
  return { body: form };
}

function queryText(query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== null) search.append(key, String(value));
  return search.size > 0 ? `?${search}` : '';
}

/** The platform's own refusal of a bad header value quotes the value, so it must never come to that. */
function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new TesseraError({
    code: 'invalid_option',
    message: 'The token contains blanks or characters no token has.',
    fix: 'Copy it again, whole and on one line.',
  });
}
