import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadRequest, load } from './load.ts';
import { cpuMs, foreignShare, readCpu } from './machine.ts';
import { median, percent, perSecond } from './numbers.ts';
import { runningPids, type ServerProcess } from './processes.ts';
import type { Scale } from './scale.ts';

export interface Side {
  readonly server: ServerProcess;
  readonly request: LoadRequest;
}

/** Rates of two servers, measured alternately. Ratios are those of each pair, not of the medians. */
export interface Comparison {
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  /** Ratio of the processor time per answer, which other load on the machine hardly touches. */
  readonly cpuRatio: number;
  readonly rate: number;
  readonly baseRate: number;
  readonly pairs: number;
  readonly discarded: number;
  /** Largest share of one core that other processes took during a kept pair. */
  readonly foreign: number;
}

/** A pair during which others took more than this share of one core is measured again. */
const FOREIGN_LIMIT = 0.1;
const ATTEMPTS_PER_PAIR = 3;
/** How long a comparison waits, all in all, for others to finish what they do. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 500;

interface Pair {
  readonly rate: number;
  readonly baseRate: number;
  readonly cpuRatio: number;
  readonly foreign: number;
}

/**
 * Measures `subject` against `base`, warmed up, in pairs that change order each time. Where the machine never gets
 * quiet the least disturbed pairs are kept, and the share that others took is part of the result.
 */
export async function compare(subject: Side, base: Side, scale: Scale): Promise<Comparison> {
  for (const side of [subject, base, subject, base]) await load(side.request, scale.warmUpSeconds);
  const measured: Pair[] = [];
  const quiet = (): Pair[] => measured.filter(({ foreign }) => foreign <= FOREIGN_LIMIT);
  const patienceEnds = performance.now() + PATIENCE_MS;
  while (quiet().length < scale.pairs && measured.length < scale.pairs * ATTEMPTS_PER_PAIR) {
    await quietMoment(patienceEnds);
    measured.push(await onePair(subject, base, measured.length % 2 === 0, scale.sampleSeconds));
  }
  const kept = [...measured].sort((a, b) => a.foreign - b.foreign).slice(0, scale.pairs);
  const ratios = kept.map(({ rate, baseRate }) => rate / baseRate);
  return {
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    cpuRatio: median(kept.map(({ cpuRatio }) => cpuRatio)),
    rate: median(kept.map(({ rate }) => rate)),
    baseRate: median(kept.map(({ baseRate }) => baseRate)),
    pairs: kept.length,
    discarded: measured.length - kept.length,
    foreign: Math.max(...kept.map(({ foreign }) => foreign)),
  };
}

/** Waits until others leave the machine alone, or until patience ends. */
async function quietMoment(patienceEnds: number): Promise<void> {
  while (performance.now() < patienceEnds) {
    const before = readCpu(runningPids());
    await sleep(LOOK_MS);
    if (foreignShare(before, readCpu(runningPids())) <= FOREIGN_LIMIT) return;
  }
}

async function onePair(subject: Side, base: Side, subjectFirst: boolean, seconds: number): Promise<Pair> {
  const before = readCpu(runningPids());
  const first = await sample(subjectFirst ? subject : base, seconds);
  const second = await sample(subjectFirst ? base : subject, seconds);
  const foreign = foreignShare(before, readCpu(runningPids()));
  const [own, other] = subjectFirst ? [first, second] : [second, first];
  return {
    rate: own.rate,
    baseRate: other.rate,
    cpuRatio: other.cpuMsPerAnswer / own.cpuMsPerAnswer,
    foreign,
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

export function pairsText(comparison: Comparison, digits = 2): string {
  const { rate, baseRate, pairs, discarded, foreign, cpuRatio } = comparison;
  const disturbed =
    foreign > FOREIGN_LIMIT ? `; disturbed: others took up to ${percent(foreign)} of a core` : '';
  return `${perSecond(rate)} against ${perSecond(baseRate)}; by processor time ${cpuRatio.toFixed(digits)}; ${pairs} pairs, ${discarded} discarded${disturbed}`;
}
