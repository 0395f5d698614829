import { DAY } from '../base/clock.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Trust, WayOut } from './way-out.ts';

/** What a person decided, as sent. Times in seconds since the epoch. */
export type TrustWish =
  | { readonly mode: 'system'; readonly serverName?: string }
  | { readonly mode: 'ca'; readonly ca: string; readonly serverName?: string }
  | { readonly mode: 'pin'; readonly fingerprint: string }
  | { readonly mode: 'none'; readonly reason: string; readonly until: number };

/** Verification switched off is a debt with a date; a year is the longest. */
const LONGEST_WITHOUT = 366 * DAY;

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/** Checks a decision about trust. Refusals (`invalid_request`) name the field below `trust`. */
export function readTrust(wayOut: WayOut, wish: TrustWish, now: number): Result<Trust> {
  const refuse = (field: string, message: string, fix?: string): Result<Trust> =>
    err(fieldFault('invalid_request', `trust.${field}`, message, fix));
  switch (wish.mode) {
    case 'system':
    case 'ca': {
      const { serverName } = wish;
      if (serverName !== undefined && !HOST_NAME.test(serverName))
        return refuse('server_name', 'is not a host name');
      const named = serverName === undefined ? {} : { serverName };
      if (wish.mode === 'system') return ok({ mode: 'system', ...named });
      const pem = wayOut.checkAuthority(wish.ca, 'trust.ca');
      return pem.ok ? ok({ mode: 'ca', pem: pem.value, ...named }) : pem;
    }
    case 'pin': {
      const sha256 = wayOut.parseFingerprint(wish.fingerprint, 'trust.fingerprint');
      return sha256.ok ? ok({ mode: 'pin', sha256: sha256.value }) : sha256;
    }
    case 'none': {
      const reason = wish.reason.trim();
      if (reason.length < 3 || /\p{Cc}/u.test(reason))
        return refuse('reason', 'must say in words why nobody is checked');
      if (wish.until <= now) return refuse('until', 'has passed', 'give a day in the future');
      if (wish.until > now + LONGEST_WITHOUT)
        return refuse('until', 'is more than a year away', 'give a nearer day, or pin the certificate');
      return ok({ mode: 'none', reason, untilSeconds: wish.until });
    }
  }
}

/** What has to be said wherever such a connection is shown; null where there is nothing to say. */
export function trustWarning(trust: Trust, origin: string, now: number): string | null {
  if (origin.startsWith('http:'))
    return 'The credential travels unencrypted: anybody on the way can read it.';
  if (trust.mode !== 'none') return null;
  const until = new Date(trust.untilSeconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  return trust.untilSeconds > now
    ? `Nobody checks who answers until ${until} UTC (${trust.reason}).`
    : `Verification was switched off until ${until} UTC (${trust.reason}); that time is over and nothing is sent.`;
}

export const sameTrust = (a: Trust, b: Trust): boolean => JSON.stringify(a) === JSON.stringify(b);

/** For the audit trail: which decision, without a whole certificate. */
export function trustDetail(trust: Trust): Record<string, unknown> {
  if (trust.mode === 'pin') return { mode: 'pin', fingerprint: trust.sha256 };
  if (trust.mode === 'none') return { mode: 'none', reason: trust.reason, until: trust.untilSeconds };
  return { mode: trust.mode, ...(trust.serverName === undefined ? {} : { serverName: trust.serverName }) };
}
