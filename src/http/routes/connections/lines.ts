import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { ok, type Result } from '../../../base/result.ts';
import { Problem } from '../../../wire/common.ts';
import type { Authenticate, Caller } from '../../authenticate.ts';
import { admission, noteForbidden, SECURITY, sendFault } from '../../route.ts';

export const LINES_TYPE = 'application/x-ndjson';

interface LinesRoute<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Shape of one line. */
  readonly line: z.ZodType;
  /** A refusal is still a refusal here; once lines flow, the last of them says how it ended. */
  handle(input: {
    readonly body: z.output<B>;
    readonly query: z.output<Q>;
    readonly params: z.output<P>;
    readonly caller: Caller;
  }): Promise<Result<AsyncIterable<unknown>>>;
}

/** A route that answers with JSON texts, one a line, as they come; the reader's pace decides how fast. */
export function linesRoute<B extends z.ZodType, Q extends z.ZodType, P extends z.ZodType>(
  app: FastifyInstance,
  authenticate: Authenticate,
  route: LinesRoute<B, Q, P>,
): void {
  const { method, path, tag, summary, description, params, query, body, line } = route;
  const { onRequest, callerOf } = admission(authenticate, { pattern: path });
  app.route({
    method,
    url: path,
    schema: {
      tags: [tag],
      summary,
      description,
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body }),
      security: SECURITY,
      response: {
        200: { description: 'One JSON text a line', content: { [LINES_TYPE]: { schema: line } } },
        400: Problem,
        401: Problem,
        403: Problem,
        404: Problem,
        502: Problem,
        default: Problem,
      },
    },
    onRequest,
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const lines = await route.handle({
        body: request.body as z.output<B>,
        query: request.query as z.output<Q>,
        params: request.params as z.output<P>,
        caller,
      });
      if (lines.ok)
        return reply
          .header('content-type', LINES_TYPE)
          .header('cache-control', 'no-store')
          .send(Readable.from(texts(lines.value), { highWaterMark: 1 }));
      noteForbidden(caller, lines.error);
      return sendFault(reply, lines.error);
    },
  });
}

async function* texts(lines: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/**
 * Steps of a work as it tells them, and its end as the last. A work that is refused before its first step is a refusal
 * and no list.
 */
export async function watched<Step, Done>(
  work: (step: (step: Step) => void) => Promise<Result<Done>>,
  last: (done: Result<Done>) => Step,
): Promise<Result<AsyncIterable<Step>>> {
  const waiting: Step[] = [];
  let wake = (): void => {};
  let ended: Result<Done> | undefined;
  const told = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (waiting.length > 0 || ended !== undefined) resolve();
    });
  const running = work((step) => {
    waiting.push(step);
    wake();
  }).then((done) => {
    ended = done;
    wake();
  });
  await Promise.race([told(), running]);
  if (waiting.length === 0 && ended !== undefined && !ended.ok) return ended;
  return ok(
    (async function* () {
      for (;;) {
        yield* waiting.splice(0);
        if (ended !== undefined && waiting.length === 0) break;
        // A work that throws ends the answer in the middle, as any answer.
        await Promise.race([told(), running]);
      }
      yield last(ended);
    })(),
  );
}
