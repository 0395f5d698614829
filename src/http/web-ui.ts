import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomBase62, systemRandom } from '../crypto/random.ts';
import { wantsPage } from './wants-page.ts';

/** Where the page's own text is to be replaced by the number that its style elements carry. */
const NONCE = '%STYLE_NONCE%';

/** Addresses that belong to programs: what is unknown below them is answered as a problem, never as a page. */
const PROGRAMS = [
  '/api',
  '/auth',
  '/oauth',
  '/ingress',
  '/connect',
  '/foreman',
  '/docs',
  '/assets',
  '/.well-known',
  '/openapi.json',
  '/health',
  '/ready',
  '/metrics',
];

/**
 * Only files of ours run, and nothing that stands in the page itself; the component library writes style elements,
 * which carry the number. Nobody may frame us.
 */
const policyWith = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The web interface out of the folder it was built into; where it was not built, a page that says so. */
export async function registerWebUi(app: FastifyInstance, folder: string): Promise<void> {
  const page = readPage(folder);
  if (page !== null) {
    await app.register(fastifyStatic, {
      root: join(folder, 'assets'),
      serve: false,
      preCompressed: true,
      immutable: true,
      maxAge: '365d',
      setHeaders(response) {
        response.setHeader('cross-origin-resource-policy', 'same-origin');
        response.setHeader('vary', 'accept-encoding');
      },
    });
    // By name out of those that are there, so no address can lead anywhere else.
    const names = new Set(readdirSync(join(folder, 'assets')).filter((name) => !/\.(?:br|gz)$/.test(name)));
    app.get<{ Params: { name: string } }>('/assets/:name', { schema: { hide: true } }, (request, reply) => {
      const { name } = request.params;
      return names.has(name) ? reply.sendFile(name) : reply.callNotFound();
    });
  }
  app.get('/', { schema: { hide: true } }, async (_request, reply) => sendPage(reply, page));
  app.webPage = (request, reply) => (isForPages(request) ? sendPage(reply, page) : null);
}

function readPage(folder: string): readonly string[] | null {
  try {
    return readFileSync(join(folder, 'index.html'), 'utf8').split(NONCE);
  } catch {
    return null;
  }
}

/** Whether a browser asks for a page at an address that is nobody else's. */
function isForPages({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET') return false;
  if (!wantsPage(headers)) return false;
  const path = url.split('?', 1)[0] ?? '';
  return !PROGRAMS.some((place) => path === place || path.startsWith(`${place}/`));
}

const NOT_BUILT = `<!doctype html><html lang="en"><title>Tessera</title>
<p>Tessera runs, but its web interface was not built. Run <code>npm run build</code> and start it again.
<p><a href="/docs">The API and its description</a>`;

function sendPage(reply: FastifyReply, page: readonly string[] | null): FastifyReply {
  const nonce = randomBase62(22, systemRandom);
  return reply
    .code(200)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', policyWith(nonce))
    .header('cross-origin-opener-policy', 'same-origin')
    .header('cross-origin-resource-policy', 'same-origin')
    .header('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()')
    .header('cache-control', 'no-store')
    .header('vary', 'accept')
    .send(page === null ? NOT_BUILT : page.join(nonce));
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers with the page of the web interface where a browser wants one; null elsewhere. */
    webPage: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null;
  }
}
