import type { Result } from '../../base/result.ts';
import type { AccessJwt } from '../../tokens/access-jwt.ts';
import type { Exchange } from '../../tokens/exchange.ts';
import type { Verified, Verifier } from '../../tokens/verify.ts';
import { rolesShown } from './roles.ts';

export interface LoginJwts {
  /** The JWT its client logs in with: an access JWT that says more about its owner. */
  issue(verified: Verified, address: string | null): Promise<Result<AccessJwt>>;
}

export function createLoginJwts(exchange: Exchange, verifier: Verifier): LoginJwts {
  return {
    issue(verified, address) {
      const { record } = verified.token;
      const { userInfo } = verified.owner.record;
      return exchange.exchange(verified, {
        address,
        extra: {
          unique_name: record.username,
          // The client greets by it.
          name: record.userInfo?.name ?? userInfo.name ?? record.username,
          roles: rolesShown(record, verifier.effectiveRoles(verified)),
          ...(record.name === null ? {} : { osmo_token_name: record.name }),
        },
      });
    },
  };
}
