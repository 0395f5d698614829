import type { RateUse } from '../../people/rate.ts';
import type { Delegated } from '../../tokens/delegate.ts';
import type { Verified } from '../../tokens/verify.ts';
import { mayPassAuthorization, passingCookie } from '../passing.ts';
import { rateHeaders } from './reasons.ts';
import type { GuardRequest } from './request.ts';
import type { GuardRule } from './rule.ts';

/** What a request that may pass is answered, as raw headers: from there a proxy takes what the service gets to know. */

export const GRANTED_BODY = '{"status":"ok"}';
const HEAD = ['Content-Type', 'application/json', 'Content-Length', String(GRANTED_BODY.length)] as const;

/** Who comes, and the request's own credentials without ours. */
export function grantedHeaders(
  request: GuardRequest,
  rule: GuardRule,
  verified: Verified,
  delegated: Delegated | null,
  use: RateUse | null,
): string[] {
  const { record } = verified.token;
  const headers: string[] = [...HEAD, 'X-Auth-Request-User', record.username];
  const email = record.userInfo?.email ?? verified.owner.record.userInfo.email;
  if (email !== null) headers.push('X-Auth-Request-Email', latin(email));
  if (record.service !== null) headers.push('X-Auth-Request-Service', latin(record.service));
  if (delegated !== null) headers.push('X-Auth-Request-Token', delegated.token.reveal());
  if (rule.useAuthorization) {
    if (delegated !== null) headers.push('Authorization', `Bearer ${delegated.token.reveal()}`);
  } else {
    passAuthorization(headers, request);
  }
  passCookies(headers, request);
  if (use !== null) headers.push(...rateHeaders(use, rule.service ?? ''));
  return headers;
}

/** Nothing but the request's own credentials, ours taken out. */
export function ownHeaders(request: GuardRequest): string[] {
  const headers: string[] = [...HEAD];
  passAuthorization(headers, request);
  passCookies(headers, request);
  return headers;
}

function passAuthorization(headers: string[], request: GuardRequest): void {
  for (const value of request.authorizations) {
    if (mayPassAuthorization(value)) headers.push('Authorization', value);
  }
}

function passCookies(headers: string[], request: GuardRequest): void {
  for (const value of request.cookies) {
    const kept = passingCookie(value);
    if (kept !== null) headers.push('Cookie', kept);
  }
}

/** Header values are Latin-1; what does not fit there is written as question marks. */
const latin = (text: string): string => text.replace(/[^\x20-\x7e\xa0-\xff]/g, '?');
