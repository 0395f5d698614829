import type { Actor } from '../access/principal.ts';

/** What happened, in the past tense of the field: `token.created`, `role.granted`, `guard.refused`. */
export type AuditAction =
  | 'setup.completed'
  | 'session.created'
  | 'session.refused'
  | 'session.ended'
  | 'token.created'
  | 'token.edited'
  | 'token.revoked'
  | 'token.expired'
  | 'token.exchanged'
  | 'token.delegated'
  | 'user.created'
  | 'user.changed'
  | 'user.deleted'
  | 'user.linked'
  | 'user.unlinked'
  | 'password.changed'
  | 'role.created'
  | 'role.changed'
  | 'role.deleted'
  | 'role.granted'
  | 'role.withdrawn'
  | 'role.kept'
  | 'scope.registered'
  | 'scope.removed'
  | 'quota.changed'
  | 'keys.rotated'
  | 'request.refused'
  | 'guard.refused'
  | 'connection.created'
  | 'connection.changed'
  | 'connection.deleted'
  | 'connection.tested'
  | 'connection.used'
  | 'connection.fell_back'
  | 'credential.created'
  | 'credential.rotated'
  | 'credential.revoked'
  | 'event.acknowledged'
  | 'webhook_key.shown'
  | 'keys.rewrapped'
  | 'route.used'
  | 'route.refused'
  | 'route.created'
  | 'route.changed'
  | 'route.deleted'
  | 'job.created'
  | 'job.step'
  | 'job.ended'
  | 'job.cancelled'
  | 'machine.started'
  | 'machine.stopped'
  | 'machine.deleted';

/** One line of the audit trail before it is chained. Never holds a secret. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly action: AuditAction;
  readonly actor: string;
  /** Public id of the token the actor used. */
  readonly tokenId: string | null;
  readonly address: string | null;
  /** What it was done to: a token id, a username, a role, a connection. */
  readonly subject: string | null;
  readonly route: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly status: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

type Happening = Pick<AuditEntry, 'action'> &
  Partial<Pick<AuditEntry, 'subject' | 'route' | 'method' | 'path' | 'status' | 'detail'>>;

export function auditEntry(
  atMs: number,
  actor: Pick<Actor, 'username' | 'tokenId' | 'address'>,
  happening: Happening,
): AuditEntry {
  return {
    at: atMs,
    actor: actor.username,
    tokenId: actor.tokenId,
    address: actor.address,
    subject: null,
    route: null,
    method: null,
    path: null,
    status: null,
    detail: {},
    ...happening,
  };
}
