import { LRUCache } from 'lru-cache';
import { auditEntry } from '../../audit/entry.ts';
import type { AuditTrail } from '../../audit/trail.ts';
import type { Clock } from '../../base/clock.ts';
import type { QuotaBook } from '../../people/quota-book.ts';
import type { RateLimiter, RateUse } from '../../people/rate.ts';
import type { Delegate } from '../../tokens/delegate.ts';
import type { LastUses } from '../../tokens/last-use.ts';
import type { TokenRecord } from '../../tokens/record.ts';
import type { Verdict, Verified, Verifier } from '../../tokens/verify.ts';
import type { ClientAddress } from '../client-address.ts';
import { findCredential } from '../credential.ts';
import type { FastHandler, FastMessage, FastResponse } from '../front.ts';
import type { Counters } from '../metrics.ts';
import { GRANTED_BODY, grantedHeaders, ownHeaders } from './granted.ts';
import { createJudge, judgeOptions } from './judge.ts';
import { badToken, GONE, insufficient, malformed, NO_CREDENTIAL, overLimit, UNAVAILABLE } from './reasons.ts';
import {
  type GuardPresence,
  type GuardRefusal,
  sendParameterFaults,
  sendRefusal,
  sendWrongMethod,
} from './refusal.ts';
import { type GuardRequest, missingHeaders, readGuardRequest } from './request.ts';
import { type GuardRule, type ParsedRule, parseGuardRule } from './rule.ts';
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

// Reflected headers are bytes read as Latin-1. A short body is sent in one piece with the head and in its encoding.
const LATIN = 'latin1';

/**
 * `GET /ingress/auth`: tells a reverse proxy whether a request may pass, and what the guarded service gets to
 * know. Answers without a promise whenever the facts are at hand; everything else is the rare path.
 */
export function createGuard(needs: GuardDependencies): Guard {
  const { verifier, delegate, quotas, rates, audit, clientAddress, counters, clock, publicHost } = needs;
  const judge = createJudge({ verifier, clock, publicHost });
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
      const refusal = judgeOptions(rule, request, publicHost);
      if (refusal === null) allow(response, ownHeaders(request));
      else refuse(response, request, rule, refusal);
      return;
    }
    const credential = findCredential(
      request.authorizations,
      rule.allowCookies ? request.cookies : NO_COOKIES,
    );
    if (credential.kind === 'none' || credential.kind === 'malformed') {
      refuse(
        response,
        request,
        rule,
        credential.kind === 'none' ? NO_CREDENTIAL : malformed(credential.message),
      );
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
      const refusal = verdict.code === 'unavailable' ? UNAVAILABLE : badToken(verdict.message);
      refuse(response, request, rule, refusal);
      if (verdict.token !== null)
        note(verdict.token.record, request, rule, address, refusal.status, verdict.code);
      return;
    }
    const { record } = verdict.token;
    let refusal = judge(rule, request, verdict);
    const limit = refusal === null ? limitOf(rule, verdict) : null;
    let use: RateUse | null = null;
    if (limit === 0) {
      refusal = insufficient(`Access to ${rule.service} is blocked for this user`);
    } else if (limit !== null) {
      use = rates.count(record.username, rule.service ?? '', limit);
      if (use.used > use.limit) refusal = overLimit(use, rule.service ?? '');
    }
    if (refusal !== null) {
      refuse(response, request, rule, refusal);
      note(record, request, rule, address, refusal.status, refusal.type);
      return;
    }
    needs.lastUses.note(record.id, address, rule.service ?? 'guard');
    if (!rule.notebook && rule.delegateTo === null) {
      allow(response, grantedHeaders(request, rule, verdict, null, use));
      return;
    }
    const delegated = delegate.delegate(
      verdict,
      { service: rule.delegateTo, scopes: rule.delegateScopes, minimumSeconds: rule.minimumLifetime ?? 0 },
      address,
    );
    const answer = (made: Awaited<typeof delegated>): void => {
      if (made.ok) allow(response, grantedHeaders(request, rule, verdict, made.value, use));
      else refuse(response, request, rule, made.error.code === 'not_found' ? GONE : UNAVAILABLE);
    };
    if (delegated instanceof Promise) {
      delegated.then(answer).catch((error: unknown) => failed(response, error));
    } else {
      answer(delegated);
    }
  }

  /** Calls per minute that the caller may make to this service; null when nothing is counted. */
  function limitOf(rule: GuardRule, verified: Verified): number | null {
    if (rule.service === null) return null;
    const given = verified.token.record.userInfo?.groups;
    return quotas.limitOf(given ?? verified.owner.record.userInfo.groups, rule.service);
  }

  function allow(response: FastResponse, headers: string[]): void {
    counters.guardAllowed++;
    pass(response, headers);
  }

  function pass(response: FastResponse, headers: string[]): void {
    leave(response, () => {
      response.writeHead(200, headers);
      response.end(GRANTED_BODY, LATIN);
    });
  }

  function refuse(
    response: FastResponse,
    request: GuardRequest,
    rule: GuardRule,
    refusal: GuardRefusal,
  ): void {
    counters.guardRefused++;
    const presence: GuardPresence = {
      realm: publicHost,
      basicChallenge: rule.basicChallenge,
      isScript: request.requestedWith?.toLowerCase() === 'xmlhttprequest',
      passesAnyStatus: request.forwardedStyle,
    };
    leave(response, () => sendRefusal(response, refusal, presence));
  }

  /** Into the trail: who holds the token is known. */
  function note(
    record: TokenRecord,
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
  const anonymous = asked((message, response) => pass(response, ownHeaders(readGuardRequest(message))));
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

/** The path without the query, which may hold somebody's secrets. */
function pathOf(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split(/[?#]/, 1)[0] ?? '';
  return path.slice(0, 500);
}
