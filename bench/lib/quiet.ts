import { setTimeout as sleep } from 'node:timers/promises';
import { foreignShare, readCpu } from './machine.ts';
import { percent } from './numbers.ts';

/** A sample during which others took more than this share of one core is taken again. */
const FOREIGN_LIMIT = 0.1;
const ATTEMPTS_PER_SAMPLE = 3;
/** How long one line of the table waits, all in all, for others to finish what they do. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 500;

export interface Samples<T> {
  readonly kept: readonly T[];
  readonly discarded: number;
  /** Largest share of one core that other processes took during a kept sample. */
  readonly foreign: number;
}

/**
 * Takes so many samples, each after waiting for a quiet moment. Disturbed ones are taken again; where the machine
 * never gets quiet the least disturbed are kept, and how much others took is part of the result.
 */
export async function takeSamples<T>(
  wanted: number,
  take: (turn: number) => Promise<T>,
): Promise<Samples<T>> {
  const all: { value: T; foreign: number }[] = [];
  const quiet = (): number => all.filter(({ foreign }) => foreign <= FOREIGN_LIMIT).length;
  const patienceEnds = performance.now() + PATIENCE_MS;
  while (quiet() < wanted && all.length < wanted * ATTEMPTS_PER_SAMPLE) {
    await quietMoment(patienceEnds);
    const before = readCpu();
    const value = await take(all.length);
    all.push({ value, foreign: foreignShare(before, readCpu()) });
  }
  const kept = [...all].sort((a, b) => a.foreign - b.foreign).slice(0, wanted);
  return {
    kept: kept.map(({ value }) => value),
    discarded: all.length - kept.length,
    foreign: Math.max(...kept.map(({ foreign }) => foreign)),
  };
}

async function quietMoment(patienceEnds: number): Promise<void> {
  while (performance.now() < patienceEnds) {
    const before = readCpu();
    await sleep(LOOK_MS);
    if (foreignShare(before, readCpu()) <= FOREIGN_LIMIT) return;
  }
}

/** `7 pairs, 2 discarded`, and whether what was kept is to be trusted. */
export function samplesText({ kept, discarded, foreign }: Samples<unknown>, noun: string): string {
  const disturbed =
    foreign > FOREIGN_LIMIT ? `; disturbed: others took up to ${percent(foreign)} of a core` : '';
  return `${kept.length} ${noun}, ${discarded} discarded${disturbed}`;
}
