import type { FastifyInstance } from 'fastify';
import type { ChainedEntry } from '../../../audit/chain.ts';
import type { AuditTrail } from '../../../audit/trail.ts';
import { fieldFault } from '../../../base/fault.ts';
import { err, ok } from '../../../base/result.ts';
import { AuditList, AuditQuery, type AuditRow, AuditVerification } from '../../../wire/audit.ts';
import type { Authenticate } from '../../authenticate.ts';
import { route } from '../../route.ts';

export interface AuditRouteNeeds {
  readonly authenticate: Authenticate;
  readonly audit: AuditTrail;
}

const present = (entry: ChainedEntry): AuditRow => ({
  seq: entry.seq,
  at: new Date(entry.at).toISOString(),
  action: entry.action,
  actor: entry.actor,
  token: entry.tokenId,
  address: entry.address,
  subject: entry.subject,
  route: entry.route,
  method: entry.method,
  path: entry.path,
  status: entry.status,
  detail: { ...entry.detail },
});

export function auditRoutes(app: FastifyInstance, { authenticate, audit }: AuditRouteNeeds): void {
  const tag = 'Audit';

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/audit',
    tag,
    summary: 'Read the audit trail, newest first',
    description: 'With after_seq: what came since, oldest first.',
    query: AuditQuery,
    response: AuditList,
    faults: ['insufficient_scope'],
    async handle({ query, caller }) {
      if (query.cursor !== undefined && !/^\d{1,15}$/.test(query.cursor)) {
        return err(fieldFault('invalid_request', 'cursor', 'is not one that this list gave out'));
      }
      // What was queued a moment ago belongs into an answer given now.
      await audit.flush();
      const { actor, action, subject, token, route, since, until, cursor, after_seq, limit } = query;
      const found = await audit.list(caller.actor, {
        limit: limit + 1,
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        ...(subject === undefined ? {} : { subject }),
        ...(token === undefined ? {} : { tokenId: token }),
        ...(route === undefined ? {} : { route }),
        ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
        ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
        ...(cursor === undefined ? {} : { beforeSeq: Number(cursor) }),
        ...(after_seq === undefined ? {} : { afterSeq: after_seq }),
      });
      if (!found.ok) return found;
      const page = found.value.slice(0, limit);
      const more = found.value.length > limit && after_seq === undefined;
      return ok({ items: page.map(present), next_cursor: more ? String(page.at(-1)?.seq) : null });
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/audit/verify',
    tag,
    summary: 'Prove that the audit trail was neither edited nor cut',
    response: AuditVerification,
    faults: ['insufficient_scope'],
    async handle({ caller }) {
      await audit.flush();
      const report = await audit.verify(caller.actor);
      return report.ok
        ? ok({ ...report.value, faults: report.value.faults.map((one) => ({ ...one })) })
        : report;
    },
  });
}
