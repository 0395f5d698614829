import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ok } from '../../../base/result.ts';
import type { CheckCall } from '../../../broker/check.ts';
import type { RouteRecord } from '../../../broker/record.ts';
import type { RouteSettings, Routes } from '../../../broker/routes.ts';
import {
  ChangeRoute,
  CheckRoute,
  CreateRoute,
  Route,
  RouteKey,
  RouteList,
  RouteVerdict,
} from '../../../wire/routes.ts';
import type { Authenticate } from '../../authenticate.ts';
import { timestamp } from '../../present.ts';
import { route } from '../../route.ts';

export interface BrokerRouteNeeds {
  readonly authenticate: Authenticate;
  readonly routes: Routes;
  readonly checkCall: CheckCall;
  /** Whether a route's own port speaks TLS. */
  readonly portTls: boolean;
}

const Keyed = z.object({ key: RouteKey });

/** The administration of routes; what travels on them never passes here. */
export function brokerRoutes(app: FastifyInstance, needs: BrokerRouteNeeds): void {
  const { authenticate, routes, checkCall, portTls } = needs;
  const present = (record: RouteRecord): Route => presentRoute(record, portTls);
  const tag = 'Routes';

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/routes',
    tag,
    summary: 'List routes',
    response: RouteList,
    faults: ['insufficient_scope'],
    async handle({ caller }) {
      const found = await routes.list(caller.actor);
      return found.ok ? ok({ items: found.value.map(present) }) : found;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/routes',
    tag,
    summary: 'Create a route to a connection or to a plain system',
    description:
      'Scopes of its levels are registered with it: `read:<name>` and so on, unless said otherwise.',
    body: CreateRoute,
    response: Route,
    status: 201,
    faults: ['insufficient_scope', 'name_taken', 'unknown_scope', 'not_found', 'conflict'],
    async handle({ body, caller, reply }) {
      const made = await routes.create(caller.actor, {
        name: body.name,
        ...given(body, ['connection', 'to', 'ca', 'fingerprint']),
        ...settingsOf(body),
      });
      if (!made.ok) return made;
      reply.header('location', `/api/v1/routes/${made.value.name}`);
      return ok(present(made.value));
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/routes/:key',
    tag,
    summary: 'One route',
    params: Keyed,
    response: Route,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const found = await routes.get(caller.actor, params.key);
      return found.ok ? ok(present(found.value)) : found;
    },
  });

  route(app, authenticate, {
    method: 'PATCH',
    path: '/api/v1/routes/:key',
    tag,
    summary: 'Change a route',
    description: 'In force within a second, also for streams that are open.',
    params: Keyed,
    body: ChangeRoute,
    response: Route,
    faults: ['insufficient_scope', 'not_found', 'unknown_scope', 'conflict'],
    async handle({ params, body, caller }) {
      const changed = await routes.change(caller.actor, params.key, settingsOf(body));
      return changed.ok ? ok(present(changed.value)) : changed;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/routes/:key',
    tag,
    summary: 'Delete a route; open streams on it end',
    params: Keyed,
    faults: ['insufficient_scope', 'not_found'],
    handle: async ({ params, caller }) => routes.remove(caller.actor, params.key),
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/routes/:key/check',
    tag,
    summary: 'Say what would happen to a call, and why; nothing is sent',
    params: Keyed,
    body: CheckRoute,
    response: RouteVerdict,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, body, caller }) {
      const { token, method, path } = body;
      const wish = { method: method.toUpperCase(), path, ...(token === undefined ? {} : { token }) };
      const verdict = await checkCall(caller.actor, params.key, wish);
      if (!verdict.ok) return verdict;
      const { refusal, decision, username, tokenId } = verdict.value;
      return ok({
        allowed: refusal === null,
        status: refusal?.status ?? 200,
        reason:
          refusal?.message ??
          (decision?.access === 'anyone' ? 'Anyone may' : 'The token holds what is needed'),
        rule: decision?.rule ?? null,
        needs: (decision?.needs ?? []).map((set) => [...set]),
        missing: [...(refusal?.missing ?? [])],
        username,
        token_id: tokenId,
      });
    },
  });
}

/** The named parts of a body that were sent. */
function given<T extends object, K extends keyof T>(
  body: T,
  names: readonly K[],
): { [P in K]?: NonNullable<T[P]> } {
  const sent: { [P in K]?: NonNullable<T[P]> } = {};
  for (const name of names) {
    const value = body[name];
    if (value !== undefined && value !== null) sent[name] = value;
  }
  return sent;
}

function settingsOf(body: z.output<typeof ChangeRoute>): RouteSettings {
  const levels =
    body.levels === undefined ? undefined : given(body.levels, ['read', 'power', 'configure', 'all']);
  return {
    ...(body.host === undefined ? {} : { host: body.host }),
    ...(body.port === undefined ? {} : { port: body.port }),
    ...(body.by_path === undefined ? {} : { byPath: body.by_path }),
    ...(body.rules === undefined ? {} : { rules: body.rules }),
    ...(body.presets === undefined ? {} : { presets: body.presets }),
    ...(levels === undefined ? {} : { scopes: levels }),
    ...(body.pass_headers === undefined ? {} : { passHeaders: body.pass_headers }),
    ...(body.max_concurrent === undefined ? {} : { maxConcurrent: body.max_concurrent }),
    ...(body.first_byte_ms === undefined ? {} : { firstByteMs: body.first_byte_ms }),
    ...(body.idle_ms === undefined ? {} : { idleMs: body.idle_ms }),
  };
}

const presentRoute = (record: RouteRecord, portTls: boolean): Route => ({
  id: record.id,
  name: record.name,
  connection: 'connectionId' in record.target ? record.target.connectionId : null,
  to: 'connectionId' in record.target ? null : record.target.origin,
  kind: record.kind,
  path: record.byPath ? `/connect/${record.name}/` : null,
  host: record.host,
  port: record.port,
  port_tls: portTls,
  levels: record.presets === null ? null : { ...record.presets },
  rules: record.rules.map((rule) => ({ ...rule, methods: [...rule.methods], scopes: [...rule.scopes] })),
  pass_headers: [...record.passHeaders],
  max_concurrent: record.maxConcurrent,
  first_byte_ms: record.firstByteMs,
  idle_ms: record.idleMs,
  created_at: timestamp(record.createdAt),
  created_by: record.createdBy,
  updated_at: timestamp(record.updatedAt),
  updated_by: record.updatedBy,
});
