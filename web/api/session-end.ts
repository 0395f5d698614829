/**
 * What happens when the server no longer knows the session while somebody works: the request waits, a dialog asks
 * to sign in again, and the request is sent anew. Nothing that was typed is lost, and no page has to know.
 */

interface EndedSession {
  readonly username: string;
  /** The problem code that told so. */
  readonly code: string;
}

const ENDS = new Set(['no_credential', 'invalid_token', 'token_expired', 'token_revoked', 'owner_disabled']);

let signedInAs: string | null = null;
let csrfToken: string | null = null;
let ended: EndedSession | null = null;
let waiting: ((resumed: boolean) => void)[] = [];
const listeners = new Set<() => void>();

const tell = (): void => {
  for (const listener of listeners) listener();
};

/** For `useSyncExternalStore`. */
export const endedSession = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  current: (): EndedSession | null => ended,
};

/** Whoever is signed in from here on, and what proves that changes come from our pages. */
export function noteSession(username: string, csrf: string | null): void {
  signedInAs = username;
  csrfToken = csrf;
}

/** Nobody is signed in, on purpose: refusals are answers again. */
export function forgetSession(): void {
  signedInAs = null;
  csrfToken = null;
  resume(false);
}

/** The dialog is done: requests that wait are sent anew, or answered with the refusal they met. */
export function resume(signedIn: boolean): void {
  const released = waiting;
  waiting = [];
  ended = null;
  for (const release of released) release(signedIn);
  tell();
}

async function codeOf(response: Response): Promise<string> {
  try {
    return ((await response.clone().json()) as { code?: string }).code ?? '';
  } catch {
    return '';
  }
}

function untilSignedIn(code: string): Promise<boolean> {
  return new Promise((release) => {
    waiting.push(release);
    if (ended !== null || signedInAs === null) return;
    ended = { username: signedInAs, code };
    tell();
  });
}

/** Whether the same person signed in anew in another tab, which changes what proves that we are a page of ours. */
export async function renewedElsewhere(): Promise<boolean> {
  const answer = await fetch('/api/v1/me');
  if (!answer.ok) return false;
  const me = (await answer.json()) as { username: string; csrf_token: string | null };
  if (me.username !== signedInAs) return false;
  csrfToken = me.csrf_token;
  return true;
}

/** As long as any call of the client may take. */
const TIMEOUT_MS = 240_000;

/** `fetch` for the client of all pages. */
export async function patientFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(input, init);
  if (signedInAs === null || (response.status !== 401 && response.status !== 403)) return response;
  // Whoever shows a credential of their own is not asking as the session.
  if (new Headers(init.headers).has('authorization')) return response;
  const code = await codeOf(response);
  if (response.status === 401 ? !ENDS.has(code) : code !== 'invalid_csrf') return response;
  const renewed = code === 'invalid_csrf' && (await renewedElsewhere());
  if (!renewed && !(await untilSignedIn(code))) return response;
  const headers = new Headers(init.headers);
  if (csrfToken !== null && headers.has('x-csrf-token')) headers.set('x-csrf-token', csrfToken);
  // The time the request had was spent waiting for a person.
  return fetch(input, { ...init, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
}
