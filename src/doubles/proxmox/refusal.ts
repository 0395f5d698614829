import { err } from '../../base/result.ts';

/**
 * A call that ends badly, in Proxmox's own words. The first line of `message` becomes the reason phrase of the
 * status line, the whole of it the JSON `message` on releases that have one.
 */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** Parameter name to what is wrong with it. */
  readonly errors?: Readonly<Record<string, string>>;
  /** No body and no content type: refusals of the authentication step and of the hop to another node. */
  readonly bare?: true;
  /** The body is the plain message, not JSON. */
  readonly plainText?: true;
}

type Refused = { readonly ok: false; readonly error: Refusal };

/** A command that died: missing thing, wrong state, duplicate. Proxmox answers 500 to all of them. */
export const died = (message: string): Refused => err({ status: 500, message });

export const badParameters = (errors: Readonly<Record<string, string>>): Refused =>
  err({ status: 400, message: 'Parameter verification failed.', errors });

/** `detail` is `PATH, PRIVILEGE`; absent where a rule with several branches failed. */
export const forbidden = (detail?: string): Refused =>
  err({ status: 403, message: `Permission check failed${detail === undefined ? '' : ` (${detail})`}` });

export const notImplemented = (message: string): Refused => err({ status: 501, message });

export const unauthenticated = (reason: string): Refused => err({ status: 401, message: reason, bare: true });

/** The message in front of the one of a step that ran under the lock of the user database. */
export const prefixed = (prefix: string, refusal: Refusal): Refused => died(`${prefix}: ${refusal.message}`);
