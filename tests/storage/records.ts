import type { TokenRecord } from '../../src/tokens/record.ts';

/** A user's token that is good for ever. */
export const tokenRecord = (id: string, more: Partial<TokenRecord> = {}): TokenRecord => ({
  id,
  secretDigest: '0'.repeat(64),
  sealedSecret: null,
  username: 'alice',
  type: 'user',
  name: id,
  description: '',
  roles: null,
  scopes: [],
  granted: [],
  service: null,
  parentId: null,
  createdAt: 1,
  createdBy: 'alice',
  expiresAt: null,
  revokedAt: null,
  revokedBy: null,
  sweptAt: null,
  lastUsedAt: null,
  lastUsedAddress: null,
  lastUsedRoute: null,
  userInfo: null,
  ...more,
});
