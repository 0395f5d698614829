import type { Identity } from '../access/identity.ts';
import { refused } from '../access/sign-in-refusal.ts';
import { ok, type Result } from '../base/result.ts';

/** What the provider says about a person, read with distrust: it may repeat what anybody typed there. */
export interface ProviderPerson {
  readonly identity: Identity;
  /** The name asked for here; its grammar is not checked yet. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly name: string | null;
  readonly email: string | null;
}

export interface ClaimNames {
  readonly usernameClaim: string;
  readonly groupsClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

const GROUPS_MAX = 2000;
const TEXT_MAX = 200;

/** By its whole name first, as `https://example.com/groups`; then as a path, as `realm_access.roles`. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Claims)[part];
  }
  return at;
}

export function personOf(issuer: string, claims: Claims, names: ClaimNames): Result<ProviderPerson> {
  const { usernameClaim, groupsClaim } = names;
  const subject = claims.sub;
  // OpenID Connect Core section 2: at most 255 ASCII characters.
  if (typeof subject !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(subject))
    return refused('claims', "'sub' is missing or not 1 to 255 ASCII characters");
  const username = claimAt(claims, usernameClaim);
  if (typeof username !== 'string' || username === '') {
    return refused(
      'claims',
      `'${usernameClaim}' is missing or no text, so there is no user name`,
      'Have the provider send it, or choose another claim with TESSERA_OIDC_USERNAME_CLAIM.',
    );
  }
  if (usernameClaim === 'email' && claims.email_verified !== true) {
    return refused(
      'email_verified',
      'the provider does not say that this address was verified, so it is nobody’s name yet',
      'Have the address verified at the provider, or choose another claim with TESSERA_OIDC_USERNAME_CLAIM.',
    );
  }
  const groups = groupsOf(claimAt(claims, groupsClaim));
  if (groups === null)
    return refused('claims', `'${groupsClaim}' is not a list of at most ${GROUPS_MAX} texts`);
  return ok({
    identity: { issuer, subject },
    username,
    groups,
    name: shortText(claims.name),
    email: shortText(claims.email),
  });
}

/** Nobody of whom no groups are told is in any. Some providers send a single group as text. */
function groupsOf(value: unknown): string[] | null {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.length > GROUPS_MAX) return null;
  return value.every((group) => typeof group === 'string') ? (value as string[]) : null;
}

const shortText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= TEXT_MAX && !/\p{Cc}/u.test(value)
    ? value
    : null;
