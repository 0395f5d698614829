import type { Fault } from '../base/fault.ts';
import type { Finding } from '../kinds/finding.ts';

/** Why something could not be done here: what was typed or found on this machine, or what the server said. */
export type Problem = Fault | Finding;

export const isFinding = (problem: Problem): problem is Finding => 'probe' in problem;
