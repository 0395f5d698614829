import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../base/clock.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import { loggedFaultOf } from '../../http/framework-fault.ts';
import type { Counters } from '../../http/metrics.ts';
import type { QuotaBook } from '../../people/quota-book.ts';
import type { Edit } from '../../tokens/edit.ts';
import type { Mint } from '../../tokens/mint.ts';
import type { TokenQueries } from '../../tokens/query.ts';
import type { Revoke } from '../../tokens/revoke.ts';
import type { TokenReads } from '../../tokens/store.ts';
import type { Verifier } from '../../tokens/verify.ts';
import { refused } from './answer.ts';
import { historyRoutes } from './history.ts';
import { peopleRoutes } from './people.ts';
import { quotaRoutes } from './quotas.ts';
import { type RawBody, send } from './route.ts';
import { Discovery } from './shapes.ts';
import { signInRoutes } from './sign-in.ts';
import { tokenRoutes } from './tokens.ts';

export interface GafaelfawrNeeds {
  readonly authenticate: Authenticate;
  readonly mint: Mint;
  readonly edit: Edit;
  readonly revoke: Revoke;
  readonly queries: TokenQueries;
  readonly reads: Pick<TokenReads, 'knownScopes'>;
  readonly verifier: Verifier;
  readonly quotas: QuotaBook;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Scheme and host that clients use. */
  readonly publicUrl: string;
}

/** The surface that clients of Gafaelfawr know, over the same rooms as our own. */
export async function gafaelfawrDialect(app: FastifyInstance, needs: GafaelfawrNeeds): Promise<void> {
  const { publicUrl } = needs;
  const all = { ...needs, realm: new URL(publicUrl).hostname };

  app.manners.set('/auth', { notFound });
  await app.register(
    async (surface) => {
      ownManners(surface);
      tokenRoutes(surface, all);
      historyRoutes(surface, all);
      peopleRoutes(surface, all);
      quotaRoutes(surface, all);
      for (const [path, page] of [
        ['/openapi.json', '/openapi.json'],
        ['/docs', '/docs'],
      ] as const) {
        surface.get(path, { schema: { hide: true } }, async (_request, reply) => reply.redirect(page, 307));
      }
    },
    { prefix: '/auth' },
  );

  signInRoutes(app, all);
  app.get(
    '/discovery',
    {
      schema: {
        tags: ['Gafaelfawr'],
        summary: 'Where clients find this surface',
        response: { 200: Discovery },
      },
    },
    async () => {
      const url = `${publicUrl}/auth`;
      return { services: { internal: { gafaelfawr: { url, versions: { v1: { url: `${url}/api/v1` } } } } } };
    },
  );
}

/** Bodies are kept as text until it is known who sent them, and every refusal has this surface's form. */
function ownManners(surface: FastifyInstance): void {
  surface.setValidatorCompiler(() => (data) => ({ value: data }));
  surface.setSerializerCompiler(() => (data) => JSON.stringify(data));
  surface.removeAllContentTypeParsers();
  surface.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const isJson = type === '' || type === 'application/json' || /^application\/[^/]+\+json$/.test(type);
    const body: RawBody = { text: String(text), isJson };
    done(null, body);
  });

  surface.setErrorHandler((error: FastifyError, request, reply) => {
    return send(reply, refused(loggedFaultOf(error, request)));
  });
}

/** What is said below `/auth` where there is nothing, or nothing for that method. */
function notFound(_request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): FastifyReply {
  return methods.length === 0
    ? send(reply, { status: 404, body: { detail: 'Not Found' } })
    : send(reply, { status: 405, body: { detail: 'Method Not Allowed' } });
}
