import type { FastifyInstance } from 'fastify';
import { type Clock, seconds } from '../../../base/clock.ts';
import type { Result } from '../../../base/result.ts';
import type { Examination } from '../../../connections/examine.ts';
import type { Testing } from '../../../connections/testing.ts';
import { TestStored, TestValues } from '../../../wire/connections.ts';
import { TestLine } from '../../../wire/diagnosis.ts';
import type { Authenticate } from '../../authenticate.ts';
import { problemOf } from '../../problem.ts';
import { CONNECTIONS, Keyed, probe, TAG, valuesWish } from './connections.ts';
import { linesRoute, watched } from './lines.ts';
import { presentFinding, presentReport } from './present.ts';
import { expectWish, trustWish } from './wish.ts';

export interface WatchRouteNeeds {
  readonly authenticate: Authenticate;
  readonly testing: Testing;
  readonly clock: Clock;
}

type Layer = Extract<TestLine, { layer: string }>['layer'];
type Step = NonNullable<Parameters<Testing['values']>[2]>;

const lineOf = (layer: Layer, found: Parameters<Step>[1]): TestLine => ({
  layer,
  findings: found.map(presentFinding),
});

/** Tests whose findings are told as they are found, for somebody who looks on. */
export function watchRoutes(app: FastifyInstance, { authenticate, testing, clock }: WatchRouteNeeds): void {
  const description =
    'JSON lines: each layer as it is looked at, with what was found until then, and the report as the last.';
  const last = (done: Result<Examination>): TestLine =>
    done.ok ? { report: presentReport(done.value) } : { problem: problemOf(done.error, '') };

  linesRoute(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/test/watch`,
    tag: TAG,
    summary: 'Test values without storing them, and look on',
    description,
    body: TestValues,
    line: TestLine,
    async handle({ body, caller }) {
      const trust = trustWish(body.trust, seconds(clock));
      if (!trust.ok) return trust;
      return watched<TestLine, Examination>(
        (tell) =>
          testing.values(caller.actor, valuesWish(body, trust.value), (layer, found) =>
            tell(lineOf(layer, found)),
          ),
        last,
      );
    },
  });

  linesRoute(app, authenticate, {
    method: 'POST',
    path: `${CONNECTIONS}/:id/test/watch`,
    tag: TAG,
    summary: 'Test a connection, and look on',
    description,
    params: Keyed,
    body: TestStored,
    line: TestLine,
    handle: ({ params, body, caller }) =>
      watched<TestLine, Examination>(async (tell) => {
        const tested = await testing.stored(
          caller.actor,
          params.id,
          { ...expectWish(body.expect), ...probe(body.probe_password) },
          (layer, found) => tell(lineOf(layer, found)),
        );
        return tested.ok ? { ok: true, value: tested.value.examination } : tested;
      }, last),
  });
}
