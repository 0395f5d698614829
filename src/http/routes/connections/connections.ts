import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, seconds } from '../../../base/clock.ts';
import { defined } from '../../../base/defined.ts';
import { ok, type Result } from '../../../base/result.ts';
import { Secret } from '../../../base/secret.ts';
import type { Connections, Saved } from '../../../connections/connections.ts';
import type { Inspecting } from '../../../connections/inspect.ts';
import type { Testing, ValuesToTest } from '../../../connections/testing.ts';
import { ConnectionKey } from '../../../wire/connection-parts.ts';
import { Inspection, InspectTrust } from '../../../wire/connection-trust.ts';
import {
  ChangeConnection,
  Connection,
  ConnectionList,
  ConnectionQuery,
  CreateConnection,
  SavedConnection,
  TestStored,
  TestValues,
} from '../../../wire/connections.ts';
import { TestReport } from '../../../wire/diagnosis.ts';
import { Doctor, DoctorQuery } from '../../../wire/events.ts';
import type { Authenticate } from '../../authenticate.ts';
import { route } from '../../route.ts';
import {
  presentConnection,
  presentDoctor,
  presentFinding,
  presentInspection,
  presentReport,
} from './present.ts';
import { credentialWish, expectWish, fallbackWish, type TrustPart, trustWish } from './wish.ts';

export interface ConnectionRouteNeeds {
  readonly authenticate: Authenticate;
  readonly connections: Connections;
  readonly testing: Testing;
  readonly inspecting: Inspecting;
  readonly clock: Clock;
}

export const Keyed = z.object({ id: ConnectionKey });
export const CONNECTIONS = '/api/v1/connections';
export const TAG = 'Connections';
const tag = TAG;

export const probe = (text: string | undefined) =>
  text === undefined ? {} : { probePassword: new Secret(text) };

/** Values to be tried, as the room takes them. */
export function valuesWish(body: z.output<typeof TestValues>, trust: TrustPart): ValuesToTest {
  const { trust: _, credential, fallback, expect, probe_password, ...rest } = body;
  return {
    ...rest,
    ...trust,
    ...expectWish(expect),
    ...probe(probe_password),
    credential: credentialWish(credential),
    ...(fallback === undefined ? {} : { fallback: fallbackWish(fallback) }),
  };
}

export function connectionRoutes(
  app: FastifyInstance,
  { authenticate, connections, testing, inspecting, clock }: ConnectionRouteNeeds,
): void {
  const present = (saved: Result<Saved>): Result<z.output<typeof SavedConnection>> => {
    if (!saved.ok) return saved;
    const { record, examination, warnings } = saved.value;
    return ok({
      connection: presentConnection(record, seconds(clock)),
      report: examination === null ? null : presentReport(examination),
      warnings: warnings.map(presentFinding),
    });
  };

  route(app, authenticate, {
    method: 'GET',
    path: CONNECTIONS,
    tag,
    summary: 'List connections',
    query: ConnectionQuery,
    response: ConnectionList,
    faults: ['insufficient_scope'],
    async handle({ query, caller }) {
      const found = await connections.list(caller.actor, defined(query));
      if (!found.ok) return found;
      return ok({ items: found.value.map((record) => presentConnection(record, seconds(clock))) });
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: CONNECTIONS,
    tag,
    summary: 'Create a connection',
    description: 'With `test` (the default) it is tried first, and nothing that fails is stored.',
    body: CreateConnection,
    response: SavedConnection,
    status: 201,
    faults: ['insufficient_scope', 'name_taken', 'connection_failed', 'invalid_expiry', 'sealed'],
    async handle({ body, caller }) {
      const { trust: typed, credential, fallback, expect, ...rest } = body;
      const trust = trustWish(typed, seconds(clock));
      if (!trust.ok) return trust;
      return present(
        await connections.create(caller.actor, {
          ...rest,
          ...trust.value,
          ...expectWish(expect),
          ...(credential === undefined ? {} : { credential: credentialWish(credential) }),
          ...(fallback === undefined ? {} : { fallback: fallbackWish(fallback) }),
        }),
      );
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/test`,
    tag,
    summary: 'Test values without storing them',
    body: TestValues,
    response: TestReport,
    faults: ['insufficient_scope', 'invalid_expiry'],
    async handle({ body, caller }) {
      const trust = trustWish(body.trust, seconds(clock));
      if (!trust.ok) return trust;
      const found = await testing.values(caller.actor, valuesWish(body, trust.value));
      return found.ok ? ok(presentReport(found.value)) : found;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/inspect`,
    tag,
    summary: 'Look at a certificate',
    description: 'A handshake in which nothing is sent, for a decision about trust.',
    body: InspectTrust,
    response: Inspection,
    faults: ['insufficient_scope', 'invalid_expiry'],
    async handle({ body, caller }) {
      const trust = trustWish(body.trust, seconds(clock));
      if (!trust.ok) return trust;
      const shown = await inspecting.values(caller.actor, body.url, trust.value.trust);
      return shown.ok ? ok(presentInspection(shown.value)) : shown;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id`,
    tag,
    summary: 'Show one connection, by id or name',
    params: Keyed,
    response: Connection,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const found = await connections.get(caller.actor, params.id);
      return found.ok ? ok(presentConnection(found.value, seconds(clock))) : found;
    },
  });

  route(app, authenticate, {
    method: 'PATCH',
    path: `${CONNECTIONS}/:id`,
    tag,
    summary: 'Change a connection',
    description: 'What is absent stays. A stored secret never moves to another host.',
    params: Keyed,
    body: ChangeConnection,
    response: SavedConnection,
    faults: ['insufficient_scope', 'not_found', 'name_taken', 'conflict', 'connection_failed', 'sealed'],
    async handle({ params, body, caller }) {
      const { trust: typed, credential, fallback, fallback_enabled, expect, ...rest } = body;
      const trust = trustWish(typed, seconds(clock));
      if (!trust.ok) return trust;
      return present(
        await connections.change(caller.actor, params.id, {
          ...defined(rest),
          ...trust.value,
          ...expectWish(expect),
          ...(credential === undefined ? {} : { credential: credentialWish(credential) }),
          ...(fallback === undefined ? {} : { fallback: fallback === null ? null : fallbackWish(fallback) }),
          ...(fallback_enabled === undefined ? {} : { fallbackEnabled: fallback_enabled }),
        }),
      );
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: `${CONNECTIONS}/:id`,
    tag,
    summary: 'Delete a connection',
    description: 'The credential is forgotten here; upstream it stays until it is revoked there.',
    params: Keyed,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const removed = await connections.remove(caller.actor, params.id);
      return removed.ok ? ok(undefined) : removed;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/test`,
    tag,
    summary: 'Test a connection',
    params: Keyed,
    body: TestStored.nullish(),
    response: TestReport,
    faults: ['insufficient_scope', 'not_found', 'connection_failed', 'sealed'],
    async handle({ params, body, caller }) {
      const checked = await testing.stored(caller.actor, params.id, {
        ...expectWish(body?.expect),
        ...probe(body?.probe_password),
      });
      return checked.ok ? ok(presentReport(checked.value.examination)) : checked;
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/inspect-trust`,
    tag,
    summary: 'Look at the certificate behind a connection',
    description: 'Shows the pinned one and the present one where they differ. Nothing is sent.',
    params: Keyed,
    response: Inspection,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ params, caller }) {
      const shown = await inspecting.stored(caller.actor, params.id);
      return shown.ok ? ok(presentInspection(shown.value)) : shown;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/doctor',
    tag,
    summary: 'Examine every connection, ten side by side',
    query: DoctorQuery,
    response: Doctor,
    faults: ['insufficient_scope', 'not_found'],
    async handle({ query, caller }) {
      const { connection, kind } = query;
      const checked = await testing.doctor(caller.actor, defined({ key: connection, kind }));
      return checked.ok ? ok(presentDoctor(checked.value, seconds(clock))) : checked;
    },
  });
}
