import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, MINUTE } from '../../base/clock.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import type { QuotaBook } from '../../people/quota-book.ts';
import { userInfoNow } from '../../tokens/now.ts';
import type { TokenReads } from '../../tokens/store.ts';
import { answer, forbidden, notSupported, unauthenticated } from './answer.ts';
import { presentUserInfo } from './present.ts';
import { ErrorBody, gafaelfawrRoute, searchOf, send } from './route.ts';
import { Login, UserInfoShape } from './shapes.ts';
import { username } from './values.ts';

export interface PeopleRouteNeeds {
  readonly authenticate: Authenticate;
  readonly realm: string;
  readonly quotas: Pick<QuotaBook, 'quotaOf'>;
  readonly reads: Pick<TokenReads, 'knownScopes'>;
  readonly clock: Clock;
}

const GROUPS_KEPT_MS = 5 * MINUTE * 1000;

export function peopleRoutes(app: FastifyInstance, needs: PeopleRouteNeeds): void {
  const { authenticate, realm, quotas, reads, clock } = needs;

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/user-info',
    summary: 'Who holds the token presented',
    response: UserInfoShape,
    async handle({ caller: { actor, verified } }) {
      if (verified === null) return forbidden('The bootstrap token belongs to nobody');
      const info = userInfoNow(verified);
      return answer(presentUserInfo(actor.username, info, quotas.quotaOf(info.groups)));
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/login',
    summary: 'What a page needs to know of its session: CSRF token, scopes and their descriptions',
    response: Login,
    cookieOnly: true,
    async handle({ caller: { actor, csrfToken } }) {
      const known = [...(await reads.knownScopes())].sort(([a], [b]) => (a < b ? -1 : 1));
      return answer({
        csrf: csrfToken,
        username: actor.username,
        scopes: [...actor.scopes].sort(),
        config: { scopes: known.map(([name, description]) => ({ name, description })) },
      });
    },
  });

  for (const path of ['/api/v1/users', '/api/v1/groups']) {
    gafaelfawrRoute(app, needs, {
      method: 'GET',
      path,
      summary: 'Not supported here: there is no directory',
      handle: async () => notSupported,
    });
  }
  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/users/:username',
    summary: 'Not supported here: there is no directory',
    params: { username },
    handle: async () => notSupported,
  });

  app.get(
    '/gms',
    {
      schema: {
        tags: ['Gafaelfawr'],
        summary: 'Groups of the caller as lines of text (IVOA Group Membership Service)',
        security: [{ bearer: [] }, { session: [] }],
        response: {
          200: { description: 'A name on each line', content: { 'text/plain': { schema: z.string() } } },
          default: ErrorBody,
        },
      },
    },
    async (request, reply) => {
      const caller = await authenticate(request.raw, { usedOn: 'api' });
      if (!caller.ok) return send(reply, unauthenticated(caller.error, realm));
      const { verified } = caller.value;
      const held = (verified === null ? null : userInfoNow(verified).groups) ?? [];
      const wanted = searchOf(request).getAll('group');
      const names = held
        .map((group) => group.name)
        .filter((name) => wanted.length === 0 || wanted.includes(name))
        .sort();
      return reply
        .header('content-type', 'text/plain; charset=utf-8')
        .header('expires', new Date(clock() + GROUPS_KEPT_MS).toUTCString())
        .send(names.map((name) => `${name}\r\n`).join(''));
    },
  );
}
