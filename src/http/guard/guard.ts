import { LRUCache } from 'lru-cache';
import { auditEntry } from '../../audit/entry.ts';
import type { AuditTrail } from '../../audit/trail.ts';
import type { Clock } from '../../base/clock.ts';
import type { QuotaBook } from '../../people/quota-book.ts';
import type { RateLimiter, RateUse } from '../../people/rate.ts';
import type { Delegate, Delegated } from '../../tokens/delegate.ts';
import type { LastUses } from '../../tokens/last-use.ts';
import type { Verdict, Verified, Verifier } from '../../tokens/verify.ts';
import type { ClientAddress } from '../client-address.ts';
import { findCredential } from '../credential.ts';
import type { FastHandler, FastMessage, FastResponse } from '../front.ts';
import type { Counters } from '../metrics.ts';
import { mayPassAuthorization, passingCookie } from '../passing.ts';
import { isForeignOrigin, isPreflight, userDomainMatches } from './origin.ts';
import {
  GONE,
  insufficient,
  JWT_NOT_DELEGATED,
  NO_CREDENTIAL,
  OPTIONS_UNSUPPORTED,
  overLimit,
  PREFLIGHT_REJECTED,
  rateHeaders,
  TOO_SHORT,
  UNAVAILABLE,
} from './reasons.ts';
import {
  type GuardPresence,
  type GuardRefusal,
  sendParameterFaults,
  sendRefusal,
  sendWrongMethod,
} from './refusal.ts';
import { type GuardRequest, readGuardRequest } from './request.ts';
import { type GuardRule, type ParameterFault, type ParsedRule, parseGuardRule } from './rule.ts';
import { createTurn } from './turn.ts';

export interface GuardDependencies {
  readonly verifier: Verifier;
  readonly delegate: Delegate;
  readonly lastUses: LastUses;
  readonly quotas: Pick<QuotaBook, 'limitOf'>;
  readonly rates: Pick<RateLimiter, 'count'>;
  readonly audit: AuditTrail;
  readonly clientAddress: ClientAddress;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Host of the public address: the realm of challenges and the base of user domains. */
  readonly publicHost: string;
  readonly delegatedSeconds: number;
  /** Where a failure of our own is told. */
  readonly report: (error: unknown) => void;
}

export interface Guard {
  readonly auth: FastHandler;
  readonly anonymous: FastHandler;
  /** Who answers at this address, the query included. */
  at(url: string): FastHandler | null;
}

/** How all addresses of the guard begin. */
export const GUARD_PREFIX = '/ingress/a';

const OK_BODY = '{"status":"ok"}';
// Reflected headers are bytes read as Latin-1. A short body is sent in one piece with the head and in its encoding.
const LATIN = 'latin1';
const SUCCESS_HEAD = ['Content-Type', 'application/json', 'Content-Length', String(OK_BODY.length)] as const;

/**
 * `GET /ingress/auth`: tells a reverse proxy whether a request may pass, and what the guarded service gets to
 * know. Answers without a promise whenever the facts are at hand; everything else is the rare path.
 */
export function createGuard(needs: GuardDependencies): Guard {
  const { verifier, delegate, quotas, rates, audit, clientAddress, counters, clock, publicHost } = needs;
  const leave = createTurn((response, error) => failed(response, error));
  const rules = new LRUCache<string, ParsedRule>({ max: 1_000 });

  function ruleOf(url: string): ParsedRule {
    let parsed = rules.get(url);
    if (parsed === undefined) {
      const mark = url.indexOf('?');
      parsed = parseGuardRule(mark === -1 ? '' : url.slice(mark + 1), needs.delegatedSeconds);
      // Configurations are short and few; what is long or new each time is somebody trying.
      if (url.length <= 512) rules.set(url, parsed);
    }
    return parsed;
  }

  function auth(message: FastMessage, response: FastResponse): void {
    const parsed = ruleOf(message.url ?? '');
    const request = readGuardRequest(message);
    const missing = missingHeaders(request);
    if (!parsed.ok || missing !== null) {
      const faults = parsed.ok || (parsed.misused && missing !== null) ? [] : parsed.faults;
      sendParameterFaults(response, [...faults, ...(missing ?? [])]);
      return;
    }
    const { rule } = parsed;
    if (request.isOptions) {
      answerOptions(response, request, rule);
      return;
    }
    const credential = findCredential(
      request.authorizations,
      rule.allowCookies ? request.cookies : NO_COOKIES,
    );
    if (credential.kind === 'none') {
      counters.guardRefused++;
      refuse(response, request, rule, NO_CREDENTIAL);
      return;
    }
    if (credential.kind === 'malformed') {
      counters.guardRefused++;
      refuse(response, request, rule, { status: 400, type: 'invalid_request', message: credential.message });
      return;
    }
    // The header that carried the credential is ours and never travels on; taken out here, it is not read again.
    if (credential.kind === 'header') request.authorizations.shift();
    const verdict = verifier.check(credential.token);
    if (verdict instanceof Promise) {
      verdict
        .then((late) => decide(message, response, request, rule, late))
        .catch((error: unknown) => failed(response, error));
    } else {
      decide(message, response, request, rule, verdict);
    }
  }

  function decide(
    message: FastMessage,
    response: FastResponse,
    request: GuardRequest,
    rule: GuardRule,
    verdict: Verdict,
  ): void {
    const address = clientAddress(message.socket.remoteAddress, request.forwardedFor);
    if (!verdict.ok) {
      counters.guardRefused++;
      if (verdict.code === 'unavailable') refuse(response, request, rule, UNAVAILABLE);
      else refuse(response, request, rule, { status: 401, type: 'invalid_token', message: verdict.message });
      if (verdict.token !== null)
        noteRefusal(verdict.token.record, request, rule, address, 401, verdict.code);
      return;
    }
    const { record } = verdict.token;
    const refusal = judge(rule, request, verdict);
    if (refusal !== null) {
      counters.guardRefused++;
      refuse(response, request, rule, refusal);
      noteRefusal(record, request, rule, address, refusal.status, refusal.type);
      return;
    }
    const limit = limitOf(rule, verdict);
    if (limit === 0) {
      counters.guardRefused++;
      const blocked = insufficient(`Access to ${rule.service} is blocked for this user`);
      refuse(response, request, rule, blocked);
      noteRefusal(record, request, rule, address, blocked.status, blocked.type);
      return;
    }
    const use = limit === null ? null : rates.count(record.username, rule.service ?? '', limit);
    if (use !== null && use.used > use.limit) {
      counters.guardRefused++;
      refuse(response, request, rule, overLimit(use, rule.service ?? ''));
      noteRefusal(record, request, rule, address, 429, 'rate_limited');
      return;
    }
    needs.lastUses.note(record.id, address, rule.service ?? 'guard');
    if (!rule.notebook && rule.delegateTo === null) {
      allow(response, request, rule, verdict, null, use);
      return;
    }
    const delegated = delegate.delegate(
      verdict,
      { service: rule.delegateTo, scopes: rule.delegateScopes, minimumSeconds: rule.minimumLifetime ?? 0 },
      address,
    );
    const answer = (made: Awaited<typeof delegated>): void => {
      if (made.ok) allow(response, request, rule, verdict, made.value, use);
      else refuse(response, request, rule, made.error.code === 'not_found' ? GONE : UNAVAILABLE);
    };
    if (delegated instanceof Promise) {
      delegated.then(answer).catch((error: unknown) => failed(response, error));
    } else {
      answer(delegated);
    }
  }

  /** Everything after the credential proved good, in the order clients rely on. Null: let it pass. */
  function judge(rule: GuardRule, request: GuardRequest, verified: Verified): GuardRefusal | null {
    const { record } = verified.token;
    if ((rule.notebook || rule.delegateTo !== null) && verified.jwt !== null) return JWT_NOT_DELEGATED;
    const end = verified.jwt?.expiresAt ?? record.expiresAt;
    if (rule.minimumLifetime !== null && end !== null) {
      if (end - Math.floor(clock() / 1000) < rule.minimumLifetime) return TOO_SHORT;
    }
    if (!scopesSuffice(rule, verified)) return insufficient(missingScopes(rule, verified), rule.scopes);
    if (
      rule.onlyServices !== null &&
      (record.service === null || !rule.onlyServices.includes(record.service))
    ) {
      return insufficient('Token was not made for a service that may come here');
    }
    if (rule.username !== null && rule.username !== record.username) {
      return insufficient('This place belongs to another user');
    }
    if (rule.userDomain && !isOwnDomain(request, record.username)) {
      return insufficient('This host belongs to another user');
    }
    return null;
  }

  /** Calls per minute that the caller may make to this service; null when nothing is counted. */
  function limitOf(rule: GuardRule, verified: Verified): number | null {
    if (rule.service === null) return null;
    const given = verified.token.record.userInfo?.groups;
    return quotas.limitOf(given ?? verified.owner.record.userInfo.groups, rule.service);
  }

  const isOwnDomain = ({ originalUrl, otherUrl }: GuardRequest, username: string): boolean =>
    userDomainMatches(originalUrl ?? '', username, publicHost) &&
    (otherUrl === undefined || userDomainMatches(otherUrl, username, publicHost));

  function missingScopes(rule: GuardRule, verified: Verified): string {
    if (rule.scopes.length === 0) return 'Nobody may pass: one scope of none is asked for';
    const missing = rule.scopes.filter((scope) => !verifier.holds(verified, scope)).join(', ');
    return rule.satisfy === 'any'
      ? `Token has none of the required scopes: ${missing}`
      : `Token is missing required scope: ${missing}`;
  }

  function scopesSuffice(rule: GuardRule, verified: Verified): boolean {
    if (rule.satisfy === 'any') {
      for (const scope of rule.scopes) if (verifier.holds(verified, scope)) return true;
      return false;
    }
    for (const scope of rule.scopes) if (!verifier.holds(verified, scope)) return false;
    return true;
  }

  function allow(
    response: FastResponse,
    request: GuardRequest,
    rule: GuardRule,
    verified: Verified,
    delegated: Delegated | null,
    use: RateUse | null,
  ): void {
    counters.guardAllowed++;
    const { record } = verified.token;
    const headers: string[] = [...SUCCESS_HEAD, 'X-Auth-Request-User', record.username];
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
    pass(response, headers);
  }

  function pass(response: FastResponse, headers: string[]): void {
    leave(response, () => {
      response.writeHead(200, headers);
      response.end(OK_BODY, LATIN);
    });
  }

  function answerOptions(response: FastResponse, request: GuardRequest, rule: GuardRule): void {
    const outcome = isPreflight(request)
      ? isForeignOrigin(request.origin ?? '', publicHost)
        ? PREFLIGHT_REJECTED
        : null
      : rule.allowOptions && request.origin === undefined && request.corsMethod === undefined
        ? null
        : OPTIONS_UNSUPPORTED;
    if (outcome !== null) refuse(response, request, rule, outcome);
    else passThrough(response, request);
  }

  /** 200 with nothing but the request's own credentials, ours taken out. */
  function passThrough(response: FastResponse, request: GuardRequest): void {
    const headers: string[] = [...SUCCESS_HEAD];
    passAuthorization(headers, request);
    passCookies(headers, request);
    pass(response, headers);
  }

  function refuse(
    response: FastResponse,
    request: GuardRequest,
    rule: GuardRule,
    refusal: GuardRefusal,
  ): void {
    const presence: GuardPresence = {
      realm: publicHost,
      basicChallenge: rule.basicChallenge,
      isScript: request.requestedWith?.toLowerCase() === 'xmlhttprequest',
      passesAnyStatus: request.forwardedStyle,
    };
    leave(response, () => sendRefusal(response, refusal, presence));
  }

  function noteRefusal(
    record: Verified['token']['record'],
    request: GuardRequest,
    rule: GuardRule,
    address: string | null,
    status: number,
    reason: string,
  ): void {
    audit.refused(
      auditEntry(
        clock(),
        { username: record.username, tokenId: record.id, address },
        {
          action: 'guard.refused',
          route: rule.service ?? 'guard',
          method: request.originalMethod ?? null,
          path: pathOf(request.originalUrl ?? ''),
          status,
          detail: { reason, ...(rule.scopes.length > 0 ? { scopes: rule.scopes } : {}) },
        },
      ),
    );
  }

  /** Whatever goes wrong in here, the question is answered, with no. */
  function failed(response: FastResponse, error: unknown): void {
    needs.report(error);
    counters.guardRefused++;
    if (!response.headersSent) sendRefusal(response, UNAVAILABLE, { ...NOBODY, realm: publicHost });
    else response.destroy();
  }

  /** Both are asked with GET, whatever the guarded request's own method is. */
  const asked =
    (handler: FastHandler): FastHandler =>
    (message, response) => {
      if (message.method !== 'GET' && message.method !== 'HEAD') return sendWrongMethod(response);
      try {
        handler(message, response);
      } catch (error) {
        failed(response, error);
      }
    };

  const guarded = asked(auth);
  const anonymous = asked((message, response) => passThrough(response, readGuardRequest(message)));
  return {
    auth: guarded,
    anonymous,
    at(url) {
      if (!url.startsWith(GUARD_PREFIX)) return null;
      const mark = url.indexOf('?');
      const path = mark === -1 ? url : url.slice(0, mark);
      if (path === '/ingress/auth') return guarded;
      return path === '/ingress/anonymous' ? anonymous : null;
    },
  };
}

const NO_COOKIES: readonly string[] = [];
const NOBODY = { basicChallenge: false, isScript: false, passesAnyStatus: false };
function missingHeaders(request: GuardRequest): ParameterFault[] | null {
  if (request.originalUrl !== undefined && request.originalMethod !== undefined) return null;
  const missing = (name: string): ParameterFault => ({
    type: 'missing',
    loc: ['header', name],
    msg: 'Field required',
    input: null,
  });
  return [
    ...(request.originalUrl === undefined ? [missing('x-original-url')] : []),
    ...(request.originalMethod === undefined ? [missing('x-original-method')] : []),
  ];
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

/** The path without the query, which may hold somebody's secrets. */
function pathOf(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#]/, 1)[0] ?? '';
  return path.slice(0, 500);
}
