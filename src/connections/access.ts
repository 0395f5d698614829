import { missingScope, requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';

export const READ_SCOPE = 'read:connections';
export const MANAGE_SCOPE = 'admin:connections';

export const mayManage = (actor: Actor, doing: string): Result<void> =>
  requireScope(actor, MANAGE_SCOPE, doing);

/** Whoever manages connections may read them. */
export const mayRead = (actor: Actor, doing: string): Result<void> =>
  actor.scopes.has(READ_SCOPE) || actor.scopes.has(MANAGE_SCOPE)
    ? ok(undefined)
    : err(missingScope([READ_SCOPE, MANAGE_SCOPE], doing));

export const unknownConnection = (key: string): Fault =>
  fault('not_found', `There is no connection '${key}'.`, { fix: "See 'tessera connection list'." });

/** A finding that ended a call, as the refusal of that call; its code stands among the fields. */
export const faultOf = (
  finding: Finding,
  code: 'upstream_failed' | 'connection_failed' = 'upstream_failed',
): Fault =>
  // What is wrong in its form was found without asking anybody.
  fault(finding.layer === 'format' ? 'invalid_request' : code, finding.sentence, {
    fix: finding.fix,
    fields: [{ field: finding.code, message: finding.evidence }],
  });
