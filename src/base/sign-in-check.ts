/** Where a sign-in with the provider can end, by the check that ended it. On the wire and in addresses: never renamed. */
export const SIGN_IN_CHECKS = [
  'state',
  'expired',
  'issuer',
  'provider_unavailable',
  'provider_refused',
  'nonce',
  'id_token',
  'claims',
  'email_verified',
  'username',
  'name_taken',
  'not_admitted',
  'disabled',
] as const;

export type SignInCheck = (typeof SIGN_IN_CHECKS)[number];
