import type { UserInfo } from '../base/user-info.ts';
import type { TokenRecord } from './record.ts';
import type { Verified, Verifier } from './verify.ts';

/** What a token allows at this moment; for one that is no longer good, what it was pinned to. */
export async function scopesNow(
  verifier: Pick<Verifier, 'checkById' | 'effectiveScopes'>,
  record: TokenRecord,
): Promise<string[]> {
  const verdict = await verifier.checkById(record.id);
  return verdict.ok ? verifier.effectiveScopes(verdict) : [...(record.scopes ?? [])];
}

/** What is known of the person: each thing said when the token was made, else what the user record says. */
export function userInfoNow({ token, owner }: Verified): UserInfo {
  const given = token.record.userInfo;
  const kept = owner.record.userInfo;
  if (given === null) return kept;
  return {
    name: given.name ?? kept.name,
    email: given.email ?? kept.email,
    uid: given.uid ?? kept.uid,
    gid: given.gid ?? kept.gid,
    groups: given.groups ?? kept.groups,
  };
}
