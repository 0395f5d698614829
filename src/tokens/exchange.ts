import { auditEntry } from '../audit/entry.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { AccessJwt, AccessJwts } from './access-jwt.ts';
import type { Verified, Verifier } from './verify.ts';

/** Seconds an access JWT lives unless configured otherwise. */
export const JWT_LIFETIME_DEFAULT = 300;

export interface ExchangeRequest {
  /** Narrow to these; all of them must be held. Absent: everything the token holds. */
  readonly scopes?: readonly string[];
  readonly audience?: string;
  readonly lifetimeSeconds?: number;
  /** Network address it is asked from. */
  readonly address: string | null;
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Exchange {
  /** Trades a good token for a short access JWT (RFC 8693), which dies with the token on our own surfaces. */
  exchange(verified: Verified, request: ExchangeRequest): Promise<Result<AccessJwt & { scopes: string[] }>>;
}

const NOT_AUDITED = fault('unavailable', 'The audit trail has no room for this at the moment.', {
  retryAfterSeconds: 5,
});

interface Dependencies {
  readonly verifier: Verifier;
  readonly jwts: AccessJwts;
  readonly defaultAudience: string;
  readonly lifetimeSeconds: number;
  readonly audit: Pick<AuditTrail, 'note'>;
  readonly clock: Clock;
}

export function createExchange(needs: Dependencies): Exchange {
  const { verifier, jwts, defaultAudience, lifetimeSeconds, audit, clock } = needs;

  return {
    async exchange(verified, request) {
      if (verified.jwt !== null) {
        return err(
          fault('forbidden', 'An access JWT cannot be traded for another one.', {
            fix: 'Exchange the token it came from.',
          }),
        );
      }
      const held = verifier.effectiveScopes(verified);
      const scopes = request.scopes === undefined ? held : [...new Set(request.scopes)].sort();
      const lacking = scopes.filter((scope) => !held.includes(scope));
      if (lacking.length > 0) {
        return err(
          fault(
            'insufficient_scope',
            `The token does not hold ${lacking.map((scope) => `'${scope}'`).join(', ')}.`,
            {
              requiredScopes: lacking,
            },
          ),
        );
      }
      const { record } = verified.token;
      const audience = request.audience ?? defaultAudience;
      const issued = await jwts.issue({
        username: record.username,
        tokenId: record.id,
        scopes,
        audience,
        tokenExpiresAt: record.expiresAt,
        lifetimeSeconds: request.lifetimeSeconds ?? lifetimeSeconds,
        narrowed: request.scopes !== undefined,
        ...(request.extra === undefined ? {} : { extra: request.extra }),
      });
      if (!issued.ok) return issued;
      const { expiresAt } = issued.value;
      const audited = audit.note(
        auditEntry(
          clock(),
          { username: record.username, tokenId: record.id, address: request.address },
          { action: 'token.exchanged', subject: record.id, detail: { audience, scopes, expiresAt } },
        ),
      );
      return audited ? ok({ ...issued.value, scopes }) : err(NOT_AUDITED);
    },
  };
}
