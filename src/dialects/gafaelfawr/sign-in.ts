import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Authenticate, credentialHeaders } from '../../http/authenticate.ts';
import { FOREIGN_SESSION_COOKIE, SESSION_COOKIE, setCookie } from '../../http/credential.ts';
import { isOnHost } from '../../http/return-address.ts';
import type { Revoke } from '../../tokens/revoke.ts';
import { refusal } from './answer.ts';
import { ErrorBody, searchOf, send } from './route.ts';

export interface SignInRouteNeeds {
  readonly authenticate: Authenticate;
  readonly revoke: Pick<Revoke, 'byHolder'>;
  /** Scheme and host that browsers use. */
  readonly publicUrl: string;
}

/** The two addresses that guards and pages send browsers to. */
export function signInRoutes(app: FastifyInstance, needs: SignInRouteNeeds): void {
  const { authenticate, revoke, publicUrl } = needs;
  const publicHost = new URL(publicUrl).hostname;
  const tags = ['Gafaelfawr'];
  const response = { 307: z.null().meta({ description: 'On the way there' }), default: ErrorBody };

  const sendOn = (reply: FastifyReply, address: string): FastifyReply =>
    reply.code(307).headers({ location: address, 'cache-control': 'no-cache, no-store' }).send();

  const wrongAddress = (reply: FastifyReply, msg: string): FastifyReply =>
    send(reply, refusal(422, 'invalid_return_url', msg, ['query', 'rd']));

  app.get(
    '/login',
    {
      schema: {
        tags,
        summary: 'Sign in with a browser, then return to `rd`',
        description: 'Without `rd` the header X-Auth-Request-Redirect says where to return to.',
        response,
      },
    },
    async (request, reply) => {
      const address = returnAddress(request) ?? firstHeader(request, 'x-auth-request-redirect');
      if (address === null) return wrongAddress(reply, 'No return address was given');
      if (!isOnHost(address, publicHost)) return wrongAddress(reply, `URL is not at ${publicHost}`);
      return sendOn(reply, `${publicUrl}/sign-in?${new URLSearchParams({ rd: address })}`);
    },
  );

  app.get(
    '/logout',
    { schema: { tags, summary: 'End the session of this browser, then go to `rd`', response } },
    async (request, reply) => {
      const address = returnAddress(request);
      if (address !== null && !isOnHost(address, publicHost))
        return wrongAddress(reply, `URL is not at ${publicHost}`);
      if (credentialHeaders(request.raw).cookies.length > 0) await endSession(request);
      const secure = publicUrl.startsWith('https:');
      reply.header(
        'set-cookie',
        [SESSION_COOKIE, FOREIGN_SESSION_COOKIE].map((name) =>
          setCookie(name, '', { secure, maxAgeSeconds: 0 }),
        ),
      );
      return sendOn(reply, address ?? `${publicUrl}/`);
    },
  );

  /** Forgetting the cookie alone would leave a copy of it good. */
  async function endSession(request: FastifyRequest): Promise<void> {
    const caller = await authenticate(request.raw, { cookieOnly: true, usedOn: 'api' });
    if (!caller.ok) return;
    const { actor } = caller.value;
    if (actor.tokenId !== null && actor.tokenType === 'session') await revoke.byHolder(actor, actor.tokenId);
  }
}

const returnAddress = (request: FastifyRequest): string | null =>
  searchOf(request).getAll('rd').at(-1) ?? null;

function firstHeader(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
