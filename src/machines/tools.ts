import type { Finding } from '../kinds/finding.ts';
import type { CallFault, ProxmoxApi } from '../kinds/proxmox/api.ts';
import type { explainTask } from '../kinds/proxmox/refusal.ts';
import type { IdTurns } from './id-turns.ts';
import type { JobProgress, JobRecord } from './record.ts';

/** What a step works with. Everything a step must not forget goes through `keep` before it is acted upon. */
export interface StepTools {
  readonly api: ProxmoxApi;
  explain(fault: CallFault, probe: string): Finding;
  /** Explains the end of a failed task. */
  readonly context: Parameters<typeof explainTask>[2];
  readonly chooseInTurn: IdTurns;
  keep(more: Partial<JobProgress>): Promise<JobRecord>;
  /** Waits between two looks; false when the time of the step is over. */
  pause(): Promise<boolean>;
}

/** What of the tools belongs to one job and its step. */
export type Pace = Pick<StepTools, 'keep' | 'pause'>;

const BROKEN_WAY = new Set(['dns', 'tcp', 'tls', 'product']);

/** No answer came from the system itself, so that nothing is known of what it did. */
export const wayBroke = (finding: Finding): boolean => BROKEN_WAY.has(finding.layer);
