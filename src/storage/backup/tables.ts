import type { Tables } from '../schema.ts';

export interface BackupTable {
  readonly name: keyof Tables;
  /** Primary key: the order of the rows, and where the next batch goes on. */
  readonly key: readonly string[];
  /** Column that counts by itself, whose counter must go on behind the restored rows (PostgreSQL). */
  readonly counter?: string;
}

/**
 * What a backup holds, in an order in which nothing refers to what comes later; only a token's parent may, and is
 * put in at the end. Left out: leases, the change feed, rate counts and sign-in attempts, which mean something to
 * running processes only.
 */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'principals', key: ['username'] },
  { name: 'scopes', key: ['name'] },
  { name: 'roles', key: ['name'] },
  { name: 'role_grants', key: ['username', 'role'] },
  { name: 'tokens', key: ['id'] },
  { name: 'token_history', key: ['seq'], counter: 'seq' },
  { name: 'delegations', key: ['key'] },
  { name: 'signing_keys', key: ['kid'] },
  { name: 'sealed_values', key: ['name'] },
  { name: 'settings', key: ['name'] },
  { name: 'bootstrap_secrets', key: ['id'] },
  { name: 'audit', key: ['seq'] },
  { name: 'audit_head', key: ['id'] },
  { name: 'connections', key: ['id'] },
  { name: 'connection_events', key: ['id'], counter: 'id' },
  { name: 'routes', key: ['id'] },
  { name: 'jobs', key: ['id'] },
];

/** Tables that are not in a backup. Together with those that are they must be all there are. */
export const NOT_IN_BACKUP: readonly string[] = ['sign_in_attempts', 'changes', 'leases', 'rate_counts'];
