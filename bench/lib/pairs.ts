import { type LoadRequest, load } from './load.ts';
import { cpuMs } from './machine.ts';
import { median, perSecond } from './numbers.ts';
import type { ServerProcess } from './processes.ts';
import { type Samples, samplesText, takeSamples } from './quiet.ts';
import type { Scale } from './scale.ts';

export interface Side {
  readonly server: ServerProcess;
  readonly request: LoadRequest;
}

/** Rates of two servers, measured by turns. Ratios are those of each pair, not of the medians. */
export interface Comparison {
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  /** Ratio of the processor time per answer, base to subject. */
  readonly cpuRatio: number;
  readonly rate: number;
  readonly baseRate: number;
  readonly samples: Samples<unknown>;
}

interface Pair {
  readonly rate: number;
  readonly baseRate: number;
  readonly cpuRatio: number;
}

/** Measures `subject` against `base`, both warmed up, in pairs that change order each time. */
export async function compare(subject: Side, base: Side, scale: Scale): Promise<Comparison> {
  return comparisonOf(await takePairs(subject, base, scale));
}

/**
 * The same for two sides that run the same program, where a few hundredths matter: one process comes out faster
 * than its twin by more than that, and stays so. Each round has processes of its own, and the other side starts first.
 */
export async function compareTwins(
  rounds: number,
  open: (subjectFirst: boolean) => Promise<readonly [subject: Side, base: Side]>,
  scale: Scale,
): Promise<Comparison> {
  const each: Samples<Pair>[] = [];
  for (let round = 0; round < rounds; round++) {
    const [subject, base] = await open(round % 2 === 0);
    each.push(
      await takePairs(subject, base, { ...scale, sampleSeconds: Math.ceil(scale.sampleSeconds / 2) }),
    );
    await Promise.all([subject.server.stop(), base.server.stop()]);
  }
  return comparisonOf({
    kept: each.flatMap(({ kept }) => kept),
    discarded: each.reduce((sum, { discarded }) => sum + discarded, 0),
    foreign: Math.max(...each.map(({ foreign }) => foreign)),
  });
}

async function takePairs(subject: Side, base: Side, scale: Scale): Promise<Samples<Pair>> {
  for (const side of [subject, base, subject, base]) await load(side.request, scale.warmUpSeconds);
  return takeSamples(scale.pairs, (turn) => onePair(subject, base, turn % 2 === 0, scale.sampleSeconds));
}

function comparisonOf(samples: Samples<Pair>): Comparison {
  const ratios = samples.kept.map(({ rate, baseRate }) => rate / baseRate);
  return {
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    cpuRatio: median(samples.kept.map(({ cpuRatio }) => cpuRatio)),
    rate: median(samples.kept.map(({ rate }) => rate)),
    baseRate: median(samples.kept.map(({ baseRate }) => baseRate)),
    samples,
  };
}

async function onePair(subject: Side, base: Side, subjectFirst: boolean, seconds: number): Promise<Pair> {
  const first = await sample(subjectFirst ? subject : base, seconds);
  const second = await sample(subjectFirst ? base : subject, seconds);
  const [own, other] = subjectFirst ? [first, second] : [second, first];
  return {
    rate: own.rate,
    baseRate: other.rate,
    cpuRatio: other.cpuMsPerAnswer / own.cpuMsPerAnswer,
  };
}

async function sample(side: Side, seconds: number): Promise<{ rate: number; cpuMsPerAnswer: number }> {
  const before = cpuMs(side.server.pid);
  const { answers, perSecond: rate } = await load(side.request, seconds);
  return { rate, cpuMsPerAnswer: (cpuMs(side.server.pid) - before) / answers };
}

/** `0.84 (0.82-0.86)` */
export const ratioText = (comparison: Comparison, digits = 2): string =>
  `${comparison.ratio.toFixed(digits)} (${comparison.lowest.toFixed(digits)}-${comparison.highest.toFixed(digits)})`;

export const pairsText = ({ rate, baseRate, cpuRatio, samples }: Comparison, digits = 2): string =>
  `${perSecond(rate)} against ${perSecond(baseRate)}; by processor time ${cpuRatio.toFixed(digits)}; ${samplesText(samples, 'pairs')}`;
