import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { type Fault, fault } from '../base/fault.ts';
import { randomBase62, systemRandom } from '../crypto/random.ts';
import { BODY_LIMIT, faultOf, loggedFaultOf, Refusal } from './framework-fault.ts';
import { type Front, type FrontOptions, putInFront } from './front.ts';
import { parseJson } from './json.ts';
import { otherMethods } from './methods-at.ts';
import type { Counters } from './metrics.ts';
import { sendFault } from './route.ts';
import { refuseLate, refuseUnreadable } from './unreadable.ts';

/** Answers a request before the framework sees it, or declines. */
export type FastPath = (message: IncomingMessage, response: ServerResponse) => boolean;

export interface HttpServerOptions {
  readonly log: Logger;
  readonly counters: Counters;
  readonly publicHost: string;
  readonly fastPath: FastPath;
  /** What is answered before even node:http has read it. */
  readonly front: Pick<FrontOptions, 'prefixes' | 'find' | 'isShared'> | null;
  /** What a whole request may take to arrive. */
  readonly requestTimeoutMs?: number;
}

/** How answers look below a folder whose form somebody else set. */
export interface Manners {
  /** What the framework refuses before it knows the route; ours where it is left out. */
  readonly refused?: (reply: FastifyReply, fault: Fault) => FastifyReply;
  /** `methods`: what the address can be asked with instead; they stand in `Allow` already. */
  readonly notFound: (
    request: FastifyRequest,
    reply: FastifyReply,
    methods: readonly string[],
  ) => FastifyReply;
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * By folder, as `/api/auth`. Filled by the dialects. The framework has handlers of its own for this, but makes
     * code for each method of HTTP in each folder, which took a tenth of a start.
     */
    readonly manners: Map<string, Manners>;
  }
}

const REQUEST_TIMEOUT_MS = 30_000;
const HEAD_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 75_000;

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
// The framework describes these for JSON Schema; ours are zod's, which it hands through unread.
const COMPILERS = {
  buildValidator: () => validatorCompiler,
  buildSerializer: () => serializerCompiler,
} as unknown as Compilers;

/** The hall: one port, the hot paths in front, the framework behind; limits, request ids, problem documents. */
export function createHttpServer({
  log,
  counters,
  publicHost,
  fastPath,
  front,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
}: HttpServerOptions): FastifyInstance {
  let inFront: Front | null = null;
  const app = Fastify({
    // What it would tell beyond troubles is where it listens, which the greeting says.
    loggerInstance: log.child({}, { level: log.isLevelEnabled('info') ? 'warn' : log.level }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomBase62(12, systemRandom),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    // HEAD is answered as GET, below; a route of its own for each would be half of all the code made at a start.
    exposeHeadRoutes: false,
    // Named here rather than set later, or the framework loads compilers of its own that nobody uses.
    schemaController: { compilersFactory: COMPILERS },
    serverFactory(handler) {
      const server = serverWith(fastPath, handler, requestTimeoutMs);
      if (front !== null) {
        const firstByteMs = Math.min(HEAD_TIMEOUT_MS, requestTimeoutMs);
        inFront = putInFront(server, { ...front, keepAliveMs: KEEP_ALIVE_MS, firstByteMs });
      }
      return server;
    },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => {
      const refused = mannersAt(app, request.url)?.refused ?? sendFault;
      refused(reply, faultOf(error));
    },
  }) as unknown as FastifyInstance;

  app.addHook('preClose', async () => inFront?.close());
  app.decorate('publicHost', publicHost);
  app.decorate('manners', new Map());
  app.decorate('webPage', () => null);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    const parsed = parseJson(String(text));
    if (parsed.ok) done(null, parsed.value);
    else done(new Refusal(parsed.error), undefined);
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'DENY');
    reply.header('referrer-policy', 'no-referrer');
  });
  app.addHook('onResponse', async (request, reply) => {
    counters.requests++;
    if (reply.statusCode >= 500) counters.serverErrors++;
    // The pattern of the route, never the address: that may hold whatever somebody typed.
    log.info(
      {
        request: request.id,
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });

  app.setNotFoundHandler((request, reply) => {
    const page = app.webPage(request, reply);
    if (page !== null) return page;
    const methods = otherMethods(request);
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    const manners = mannersAt(app, request.url);
    if (manners !== null) return manners.notFound(request, reply, methods);
    if (methods.length > 0)
      return sendFault(
        reply,
        fault('method_not_allowed', `${request.method} is not possible here; use ${methods.join(' or ')}.`),
      );
    return sendFault(
      reply,
      fault('not_found', 'There is nothing at this address.', { fix: 'See /docs for what there is.' }),
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    return sendFault(reply, loggedFaultOf(error, request));
  });
  return app;
}

function mannersAt(app: FastifyInstance, url: string): Manners | null {
  for (const [folder, manners] of app.manners) {
    if (url.startsWith(folder) && /^(?:[/?]|$)/.test(url.slice(folder.length))) return manners;
  }
  return null;
}

/** Ends a request that has not arrived whole in its time. */
function giveUp(message: IncomingMessage, response: ServerResponse): void {
  if (message.complete) return;
  if (response.headersSent) message.socket.destroySoon();
  else refuseLate(message.socket);
}

function serverWith(
  fastPath: FastPath,
  handler: (message: IncomingMessage, response: ServerResponse) => void,
  requestTimeoutMs: number,
): Server {
  // The framework sets none of these on a server that it did not make.
  const limits = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: Math.min(HEAD_TIMEOUT_MS, requestTimeoutMs),
    // A large upload through a route takes as long as it takes; what goes to the framework is timed below.
    requestTimeout: 0,
    // Late heads are looked for this often, so they last longer than they may by this at most.
    connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs),
  };
  const server = createServer(limits, (message, response) => {
    if (fastPath(message, response)) return;
    const late = setTimeout(() => giveUp(message, response), requestTimeoutMs).unref();
    message.once('close', () => clearTimeout(late));
    // The response knows already that it has no body (RFC 9110 section 9.3.2).
    if (message.method === 'HEAD') message.method = 'GET';
    handler(message, response);
  });
  server.maxHeadersCount = 100;
  return server;
}
