import type { Clock } from '../../base/clock.ts';
import type { Verified, Verifier } from '../../tokens/verify.ts';
import { isForeignOrigin, isPreflight, userDomainMatches } from './origin.ts';
import {
  insufficient,
  JWT_NOT_DELEGATED,
  OPTIONS_UNSUPPORTED,
  PREFLIGHT_REJECTED,
  TOO_SHORT,
} from './reasons.ts';
import type { GuardRefusal } from './refusal.ts';
import type { GuardRequest } from './request.ts';
import type { GuardRule } from './rule.ts';

/** Everything after the credential proved good, in the order clients rely on. Null: let it pass. */
export type Judge = (rule: GuardRule, request: GuardRequest, verified: Verified) => GuardRefusal | null;

interface Dependencies {
  readonly verifier: Pick<Verifier, 'holds'>;
  readonly clock: Clock;
  /** The base of user domains. */
  readonly publicHost: string;
}

export function createJudge({ verifier, clock, publicHost }: Dependencies): Judge {
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

  return (rule, request, verified) => {
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
  };
}

/** Of a question that carries no credential by its nature. */
export function judgeOptions(
  rule: GuardRule,
  request: GuardRequest,
  publicHost: string,
): GuardRefusal | null {
  if (isPreflight(request))
    return isForeignOrigin(request.origin ?? '', publicHost) ? PREFLIGHT_REJECTED : null;
  const isPlain = request.origin === undefined && request.corsMethod === undefined;
  return rule.allowOptions && isPlain ? null : OPTIONS_UNSUPPORTED;
}
