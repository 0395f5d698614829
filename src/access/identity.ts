/** Who somebody is at an OpenID Connect provider. The pair never changes hands there; names may. */
export interface Identity {
  /** The provider's address, just as its ID tokens say it. */
  readonly issuer: string;
  /** What the provider calls this person for good (claim `sub`). */
  readonly subject: string;
}

export const sameIdentity = (one: Identity | null, other: Identity): boolean =>
  one !== null && one.issuer === other.issuer && one.subject === other.subject;
