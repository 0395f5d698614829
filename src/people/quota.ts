/** The count of one user's calls to one service within the running minute. */
export interface RateUse {
  readonly limit: number;
  readonly used: number;
  /** Epoch seconds at which the window ends. */
  readonly resetAt: number;
}

/**
 * Calls per minute that a user may make to a service, counted in fixed windows. Null: no limit applies. Counting
 * never waits for storage.
 */
export interface RateLimiter {
  count(username: string, groups: readonly string[], service: string): RateUse | null;
  /** A limit of zero is an administrator's block, not a rate. */
  isBlocked(username: string, groups: readonly string[], service: string): boolean;
}
