import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { type Fault, fault } from '../base/fault.ts';
import { randomBase62, systemRandom } from '../crypto/random.ts';
import { BODY_LIMIT, faultOf, Refusal } from './framework-fault.ts';
import { type Front, type FrontOptions, putInFront } from './front.ts';
import { parseJson } from './json.ts';
import type { Counters } from './metrics.ts';
import { sendFault } from './route.ts';

/** Answers a request before the framework sees it, or declines. */
export type FastPath = (message: IncomingMessage, response: ServerResponse) => boolean;

export interface HttpServerOptions {
  readonly log: Logger;
  readonly counters: Counters;
  readonly publicHost: string;
  readonly fastPath: FastPath;
  /** What is answered before even node:http has read it. */
  readonly front: Pick<FrontOptions, 'prefix' | 'find'> | null;
  /** What a whole request may take to arrive. */
  readonly requestTimeoutMs?: number;
}

type RefusalForm = (reply: FastifyReply, fault: Fault) => FastifyReply;

declare module 'fastify' {
  interface FastifyInstance {
    /** By folder, as `/api/auth`: the forms of refusals that somebody else set. Filled by the dialects. */
    readonly refusalForms: Map<string, RefusalForm>;
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
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomBase62(12, systemRandom),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
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
    frameworkErrors: (error, request, reply) => void refusalFormAt(app, request.url)(reply, faultOf(error)),
  }) as unknown as FastifyInstance;

  app.addHook('preClose', async () => inFront?.close());
  app.decorate('publicHost', publicHost);
  app.decorate('refusalForms', new Map());
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
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(
      (method) =>
        method !== request.method && app.findRoute({ method, url: request.url.split('?')[0] ?? '' }) !== null,
    );
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '));
      return sendFault(
        reply,
        fault('method_not_allowed', `${request.method} is not possible here; use ${methods.join(' or ')}.`),
      );
    }
    return sendFault(
      reply,
      fault('not_found', 'There is nothing at this address.', { fix: 'See /docs for what there is.' }),
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = faultOf(error);
    if (answer.code === 'internal') log.error({ request: request.id, err: error }, 'unexpected failure');
    return sendFault(reply, answer);
  });
  return app;
}

/** How refusals look at an address that leads to no route; elsewhere the routes themselves decide. */
function refusalFormAt(app: FastifyInstance, url: string): RefusalForm {
  for (const [folder, form] of app.refusalForms) if (url.startsWith(`${folder}/`)) return form;
  return sendFault;
}

/** Ends a request that has not arrived whole in its time. */
function giveUp(message: IncomingMessage, response: ServerResponse): void {
  if (message.complete) return;
  if (!response.headersSent)
    message.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
  message.socket.destroySoon();
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
    handler(message, response);
  });
  server.maxHeadersCount = 100;
  return server;
}
