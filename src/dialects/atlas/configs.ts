import { z } from 'zod';
import type { Actor } from '../../access/principal.ts';
import { type Clock, DAY, seconds } from '../../base/clock.ts';
import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Connections } from '../../connections/connections.ts';
import type { ConnectionRecord } from '../../connections/record.ts';
import type { Testing } from '../../connections/testing.ts';
import type { TrustWish } from '../../connections/trust.ts';
import { UNKNOWN_CONFIG } from './answer.ts';
import type { AddCall } from './call.ts';
import { presentConfig, presentInstance, presentTest } from './present.ts';
import { Config, ConfigChange, ConfigTest, Deleted, Instance, NewConfig, OneConfig } from './shapes.ts';

export interface ConfigCallNeeds {
  readonly connections: Connections;
  readonly testing: Testing;
  readonly clock: Clock;
}

/** How long `verify_ssl: false` holds: it says neither why nor until when, so the longest there is. */
const UNVERIFIED_DAYS = 365;

export const unknownConfig = () => err(fault('not_found', UNKNOWN_CONFIG));

/** A Foreman by the id of its configuration; connections of other kinds do not exist here. */
export async function findConfig(
  connections: Connections,
  actor: Actor,
  id: string,
): Promise<Result<ConnectionRecord>> {
  const found = await connections.get(actor, id);
  if (!found.ok) return found.error.code === 'not_found' ? unknownConfig() : found;
  return found.value.kind === 'foreman' ? found : unknownConfig();
}

export function configCalls(add: AddCall, { connections, testing, clock }: ConfigCallNeeds): void {
  type Trusting = Pick<z.output<typeof NewConfig>, 'verify_ssl' | 'ca' | 'fingerprint'>;

  /** @param verified whether certificates are checked as things stand */
  function trustWish(
    { verify_ssl, ca, fingerprint }: Trusting,
    verified: boolean | null,
  ): { trust?: TrustWish } {
    if (fingerprint !== undefined) return { trust: { mode: 'pin', fingerprint } };
    if (ca !== undefined) return { trust: { mode: 'ca', ca } };
    if (verify_ssl === false && verified !== false) {
      const until = seconds(clock) + UNVERIFIED_DAYS * DAY;
      return { trust: { mode: 'none', reason: 'verify_ssl was set to false', until } };
    }
    // What is verified already, by whatever authority, stays as it is.
    return verify_ssl === true && verified === false ? { trust: { mode: 'system' } } : {};
  }

  const presentSaved = (saved: Awaited<ReturnType<Connections['create']>>): Result<Config> => {
    if (!saved.ok) return saved.error.code === 'not_found' ? unknownConfig() : saved;
    const remarks = saved.value.warnings.map((finding) => finding.sentence);
    return ok(presentConfig(saved.value.record, clock, remarks));
  };

  const credentialOf = (token: string, username: string | null | undefined) => ({
    secret: token,
    ...(username == null || username.trim() === '' ? {} : { user: username.trim() }),
  });

  add({
    method: 'GET',
    path: '/configs',
    summary: 'List Foreman configurations',
    response: z.array(Config),
    admin: true,
    async handle({ actor }) {
      const found = await connections.list(actor, { kind: 'foreman' });
      return found.ok ? ok(found.value.map((record) => presentConfig(record, clock))) : found;
    },
  });

  add({
    method: 'POST',
    path: '/configs',
    summary: 'Create a Foreman configuration',
    body: NewConfig,
    response: Config,
    admin: true,
    handle: async ({ actor, body }) =>
      presentSaved(
        await connections.create(actor, {
          name: body.name,
          kind: 'foreman',
          url: body.base_url,
          ...trustWish(body, null),
          credential: credentialOf(body.token, body.username),
          // Created first and tested afterwards, in this protocol.
          test: false,
        }),
      ),
  });

  add({
    method: 'GET',
    path: '/configs/:id',
    summary: 'Show a Foreman configuration',
    params: OneConfig,
    response: Config,
    admin: true,
    async handle({ actor, params }) {
      const found = await findConfig(connections, actor, params.id);
      return found.ok ? ok(presentConfig(found.value, clock)) : found;
    },
  });

  add({
    method: 'PUT',
    path: '/configs/:id',
    summary: 'Change a Foreman configuration',
    params: OneConfig,
    body: ConfigChange,
    response: Config,
    admin: true,
    async handle({ actor, params, body }) {
      const found = await findConfig(connections, actor, params.id);
      if (!found.ok) return found;
      const { token, username } = body;
      const login = found.value.credential?.identity;
      if (token == null && username != null && username.trim() !== login)
        return err(
          fault('invalid_request', `token: must be given again for another login than '${login ?? ''}'.`, {
            fix: 'Send username and token together.',
          }),
        );
      // A token alone belongs to the login that is stored, unless it brings its own.
      const bare = token != null && username == null && !token.includes(':') ? login : username;
      return presentSaved(
        await connections.change(actor, found.value.id, {
          ...(body.name == null ? {} : { name: body.name }),
          ...(body.base_url == null ? {} : { url: body.base_url }),
          ...(token == null ? {} : { credential: credentialOf(token, bare) }),
          ...trustWish(body, found.value.trust.mode !== 'none'),
          test: false,
        }),
      );
    },
  });

  add({
    method: 'DELETE',
    path: '/configs/:id',
    summary: 'Delete a Foreman configuration and its token',
    params: OneConfig,
    response: Deleted,
    admin: true,
    async handle({ actor, params }) {
      const found = await findConfig(connections, actor, params.id);
      if (!found.ok) return found;
      const removed = await connections.remove(actor, found.value.id);
      return removed.ok ? ok({ status: 'deleted' }) : removed;
    },
  });

  add({
    method: 'GET',
    path: '/configs/:id/test',
    summary: 'Test a Foreman configuration; failures answer 200 as well',
    params: OneConfig,
    response: ConfigTest,
    admin: true,
    async handle({ actor, params }) {
      const found = await findConfig(connections, actor, params.id);
      if (!found.ok) return found;
      const tested = await testing.stored(actor, found.value.id, {});
      return tested.ok ? ok(presentTest(tested.value)) : tested;
    },
  });

  add({
    method: 'GET',
    path: '/instances',
    summary: 'Foreman instances, for choosing one',
    response: z.array(Instance),
    async handle({ actor }) {
      const found = await connections.list(actor, { kind: 'foreman' });
      return found.ok ? ok(found.value.map(presentInstance)) : found;
    },
  });
}
