/** Who acts in one request, as proven by the token presented. */
export interface Actor {
  readonly kind: 'user' | 'bot' | 'bootstrap' | 'internal';
  readonly username: string;
  /** Public id of the token presented; null for the bootstrap token and for Tessera itself. */
  readonly tokenId: string | null;
  readonly tokenType: string | null;
  /** The token's name, when it has one. */
  readonly tokenName: string | null;
  /** Effective scopes at this moment. */
  readonly scopes: ReadonlySet<string>;
  /** Roles in effect: those of the owner that this token carries. */
  readonly roles: readonly string[];
  /** The scopes this token is pinned to, or null when only its roles limit it. */
  readonly pinnedScopes: readonly string[] | null;
  /** The roles this token is pinned to and its owner still holds, or null when it is pinned to none. */
  readonly pinnedRoles: readonly string[] | null;
  /** Set when the credential was an access JWT: it stands for less than its token, and for less long. */
  readonly jwt: JwtLimits | null;
  /** Epoch seconds; null when it never ends. */
  readonly expiresAt: number | null;
  /** Network address the request came from. */
  readonly address: string | null;
}

/** What an access JWT was cut down to when it was issued. */
export interface JwtLimits {
  readonly scopes: ReadonlySet<string>;
  /** Whether scopes were named at the exchange: then it carries no role whole. */
  readonly narrowed: boolean;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export const BOOTSTRAP_NAME = '<bootstrap>';
export const INTERNAL_NAME = '<internal>';
/** Stands as the giver of what a sign-in by the provider brought; roles given under it go with their group. */
export const PROVIDER_NAME = '<oidc>';

/** Stands as the maker of a connection that was taken from the `.env` of the folder in which the server runs. */
export const ENV_FILE_NAME = '<env>';

export const internalActor: Actor = {
  kind: 'internal',
  username: INTERNAL_NAME,
  tokenId: null,
  tokenType: null,
  tokenName: null,
  scopes: new Set(),
  roles: [],
  pinnedScopes: null,
  pinnedRoles: null,
  jwt: null,
  expiresAt: null,
  address: null,
};

export function bootstrapActor(address: string | null): Actor {
  return {
    ...internalActor,
    kind: 'bootstrap',
    username: BOOTSTRAP_NAME,
    scopes: new Set(['admin:token', 'admin:oidc']),
    address,
  };
}
