import type { Generated } from 'kysely';

/**
 * The tables as both engines hold them: text and integers only (no booleans, blobs or JSON types), so that one
 * query code serves SQLite and PostgreSQL. Lists and objects are JSON text; times are epoch seconds, unless the
 * column says milliseconds.
 */
export interface Tables {
  principals: PrincipalRow;
  role_grants: { username: string; role: string; granted_by: string; granted_at_ms: number };
  roles: { name: string; description: string; scopes: string; builtin: number };
  scopes: { name: string; description: string; builtin: number };
  tokens: TokenRow;
  token_history: HistoryRow;
  delegations: { key: string; token_id: string };
  jobs: JobRow;
  signing_keys: {
    kid: string;
    public_jwk: string;
    sealed_private_key: string;
    created_at: number;
    active_from: number;
  };
  sealed_values: { name: string; sealed: string };
  settings: { name: string; value: string };
  bootstrap_secrets: { id: string; digest: string; created_at: number };
  sign_in_attempts: { key: string; failures: number; last_at_ms: number };
  audit: AuditTableRow;
  audit_head: { id: number; seq: number; mac: string };
  changes: { seq: Generated<number>; topic: string; key: string; at: number };
  leases: { name: string; holder: string; until_ms: number };
  rate_counts: { username: string; service: string; minute: number; process: string; used: number };
  connections: ConnectionRow;
  connection_events: ConnectionEventRow;
  routes: RouteRow;
}

export interface ConnectionRow {
  id: string;
  name: string;
  kind: string;
  origin: string;
  trust: string;
  pinned_at: number | null;
  method: string | null;
  identity: string | null;
  upstream_id: string | null;
  sealed_secret: string | null;
  secret_version: number | null;
  fallback_method: string | null;
  fallback_identity: string | null;
  sealed_fallback: string | null;
  fallback_version: number | null;
  fallback_enabled: number;
  versions_used: number;
  expires_at: number | null;
  refused_at: number | null;
  refusal: string | null;
  fallback_refused_at: number | null;
  fell_back_at: number | null;
  warned_days: number | null;
  last_test: string | null;
  revision: number;
  created_at: number;
  created_by: string;
  updated_at: number;
  updated_by: string;
}

export interface ConnectionEventRow {
  id: Generated<number>;
  at: number;
  kind: string;
  connection_id: string;
  connection_name: string;
  code: string;
  sentence: string;
  fix: string;
  acknowledged_at: number | null;
  acknowledged_by: string | null;
  delivered_at: number | null;
  attempts: number;
  next_attempt_ms: number | null;
}

export interface RouteRow {
  id: string;
  name: string;
  connection_id: string | null;
  origin: string | null;
  trust: string | null;
  kind: string;
  host: string | null;
  port: number | null;
  by_path: number;
  rules: string;
  presets: string | null;
  pass_headers: string;
  max_concurrent: number;
  first_byte_ms: number;
  idle_ms: number;
  created_at: number;
  created_by: string;
  updated_at: number;
  updated_by: string;
}

export interface PrincipalRow {
  username: string;
  username_lower: string;
  kind: string;
  full_name: string | null;
  email: string | null;
  uid: number | null;
  gid: number | null;
  groups: string | null;
  password_hash: string | null;
  disabled: number;
  created_at: number;
  created_by: string;
  issuer: string | null;
  subject: string | null;
}

export interface TokenRow {
  id: string;
  secret_digest: string;
  sealed_secret: string | null;
  username: string;
  type: string;
  name: string | null;
  description: string;
  roles: string | null;
  scopes: string | null;
  granted: string;
  service: string | null;
  parent_id: string | null;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  revoked_at: number | null;
  revoked_by: string | null;
  swept_at: number | null;
  last_used_at: number | null;
  last_used_address: string | null;
  last_used_route: string | null;
  user_info: string | null;
}

export interface HistoryRow {
  seq: Generated<number>;
  token_id: string;
  username: string;
  type: string;
  name: string | null;
  parent_id: string | null;
  service: string | null;
  scopes: string;
  expires_at: number | null;
  actor: string;
  action: string;
  address: string | null;
  at: number;
  old: string;
}

export interface AuditTableRow {
  seq: number;
  at_ms: number;
  action: string;
  actor: string;
  token_id: string | null;
  address: string | null;
  subject: string | null;
  route: string | null;
  method: string | null;
  path: string | null;
  status: number | null;
  detail: string;
  mac: string;
}

export interface JobRow {
  id: string;
  owner: string;
  connection_id: string;
  connection_name: string;
  name: string;
  state: string;
  wish: string;
  progress: string;
  idempotency_key: string | null;
  cancel_requested: number;
  lease_holder: string | null;
  lease_until_ms: number;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
  gone_at: number | null;
}
