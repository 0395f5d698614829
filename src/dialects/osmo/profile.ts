import type { FastifyInstance } from 'fastify';
import { ok } from '../../base/result.ts';
import { warn } from './answer.ts';
import type { SignedInCalls } from './call.ts';
import { endOf } from './day.ts';
import { rolesShown } from './roles.ts';
import { Done, Profile } from './shapes.ts';

/** `osmo profile list|set`: in this protocol the answer to "who am I". */
export function profileCalls(app: FastifyInstance, { ownCall }: SignedInCalls): void {
  ownCall(app, {
    method: 'GET',
    path: '/api/profile/settings',
    summary: 'Who is logged in, with which token and which of its roles',
    answer: Profile,
    async handle({ caller: { actor, verified } }) {
      const record = verified?.token.record;
      return ok({
        profile: {
          username: actor.username,
          email_notification: false,
          slack_notification: false,
          pool: null,
        },
        roles: record === undefined ? [] : rolesShown(record, actor.roles),
        pools: [],
        token:
          record === undefined || record.name === null
            ? null
            : { name: record.name, expires_at: endOf(record.expiresAt) },
      });
    },
  });

  ownCall(app, {
    method: 'POST',
    path: '/api/profile/settings',
    summary: 'Taken, but not kept: there are no pools and no notifications here',
    answer: Done,
    async handle({ reply }) {
      warn(reply, 'This server has no pools and sends no notifications, so profile settings are not kept.');
      return ok(null);
    },
  });
}
