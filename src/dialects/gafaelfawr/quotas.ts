import type { FastifyInstance } from 'fastify';
import { ADMIN_SCOPE } from '../../access/scopes.ts';
import type { Fault } from '../../base/fault.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import type { Quota } from '../../people/quota.ts';
import type { QuotaBook } from '../../people/quota-book.ts';
import { type Answer, answer, refusal, refused } from './answer.ts';
import { presentQuotaConfig } from './present.ts';
import { amount, dictionary, flag, integer, list, object, optional, optionalOrNull, text } from './reader.ts';
import { gafaelfawrRoute } from './route.ts';
import { QuotaConfigShape } from './shapes.ts';

export interface QuotaRouteNeeds {
  readonly authenticate: Authenticate;
  readonly realm: string;
  readonly quotas: QuotaBook;
}

const STRICT = { strict: true };
const amounts = optional(dictionary(integer(0)), {});
const QuotaField = object(
  {
    api: amounts,
    disk: amounts,
    notebook: optionalOrNull(
      object({ cpu: amount(0), memory: amount(0), spawn: optional(flag, true) }, STRICT),
      null,
    ),
    tap: optional(dictionary(object({ concurrent: integer(0) }, STRICT)), {}),
  },
  STRICT,
);
const NO_QUOTA: Quota = { api: {}, disk: {}, notebook: null, tap: {} };
const QuotaConfigField = object(
  {
    default: optional(QuotaField, NO_QUOTA),
    groups: optional(dictionary(QuotaField), {}),
    bypass: optional(list(text()), [] as string[]),
  },
  STRICT,
);

const PATH = '/api/v1/quota-overrides';

export function quotaRoutes(app: FastifyInstance, needs: QuotaRouteNeeds): void {
  const { quotas } = needs;
  const told = (fault: Fault): Answer =>
    fault.code === 'not_found' ? refusal(404, 'not_found', fault.message) : refused(fault);

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: PATH,
    summary: 'Quota overrides in force',
    response: QuotaConfigShape,
    async handle() {
      const found = await quotas.overrides();
      return found.ok ? answer(presentQuotaConfig(found.value)) : told(found.error);
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'PUT',
    path: PATH,
    summary: 'Replace all quota overrides (administrators)',
    body: QuotaConfigField,
    response: QuotaConfigShape,
    scope: ADMIN_SCOPE,
    allowBootstrap: true,
    async handle({ body, caller }) {
      const put = await quotas.override(caller.actor, body);
      return put.ok ? answer(presentQuotaConfig(put.value)) : told(put.error);
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'DELETE',
    path: PATH,
    summary: 'Remove all quota overrides (administrators)',
    status: 204,
    scope: ADMIN_SCOPE,
    allowBootstrap: true,
    async handle({ caller }) {
      const removed = await quotas.removeOverrides(caller.actor);
      return removed.ok ? { status: 204 } : told(removed.error);
    },
  });
}
