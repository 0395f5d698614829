import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import { asText, type JsonRecord } from '../kinds/json.ts';
import { find } from '../kinds/proxmox/find.ts';
import { guestConfig, nodeOfGuest } from '../kinds/proxmox/guests.ts';
import { type JobRecord, markOf } from './record.ts';
import type { StepTools } from './tools.ts';

/** What stands under the id that a job has written down. */
export type Sight =
  | { readonly is: 'absent' }
  /** It bears the mark of this job. */
  | { readonly is: 'ours'; readonly id: number; readonly node: string; readonly config: JsonRecord }
  /** A clone under way: the server shows neither name nor description before its first disk is whole. */
  | { readonly is: 'unknown'; readonly id: number }
  /** `namesake`: nobody's mark, and the name of this job's machine; whoever edits a guest may lose its mark. */
  | { readonly is: 'foreign'; readonly id: number; readonly namesake: boolean };

/** The server did as asked, and what it shows now is something else. */
export const unexpected = (evidence: string, said: string): Finding =>
  find('TASK_FAILED', 'P11', evidence, { said, log: [] });

export async function lookFor(job: JobRecord, tools: StepTools): Promise<Result<Sight, Finding>> {
  const id = job.progress.vmid;
  if (id === null) return ok({ is: 'absent' });
  const here = await guestConfig(tools.api, job.wish.node, id);
  if (!here.ok) return err(tools.explain(here.error, 'P11'));
  if (here.value !== null) return ok(judge(job, id, job.wish.node, here.value));
  // Somebody may have moved it.
  const node = await nodeOfGuest(tools.api, id);
  if (!node.ok) return err(tools.explain(node.error, 'P11'));
  if (node.value === null || node.value === job.wish.node) return ok({ is: 'absent' });
  const there = await guestConfig(tools.api, node.value, id);
  if (!there.ok) return err(tools.explain(there.error, 'P11'));
  return ok(there.value === null ? { is: 'absent' } : judge(job, id, node.value, there.value));
}

function judge(job: JobRecord, id: number, node: string, config: JsonRecord): Sight {
  const marks = marksOf(config);
  if (marks.includes(markOf(job.id))) return { is: 'ours', id, node, config };
  const name = marks.length === 0 ? asText(config.name) : null;
  if (name === '' && asText(config.lock) === 'clone') return { is: 'unknown', id };
  return { is: 'foreign', id, namesake: name === job.name };
}

/** Marks of jobs in description and tags; a person who edits one of the two seldom edits both. */
export const marksOf = (config: JsonRecord): string[] =>
  `${asText(config.description)} ${asText(config.tags)}`.match(/tessera-job-[0-9a-z-]+/g) ?? [];

const MARK = 'tessera-job-';
export const jobInMark = (mark: string): string => mark.slice(MARK.length);

export async function needGuest(
  job: JobRecord,
  tools: StepTools,
): Promise<Result<{ id: number; node: string; config: JsonRecord }, Finding>> {
  const sight = await lookFor(job, tools);
  if (!sight.ok) return sight;
  if (sight.value.is === 'ours') return ok(sight.value);
  return err(
    sight.value.is === 'absent'
      ? unexpected(`guest ${job.progress.vmid}`, 'the guest is gone')
      : unexpected(
          `guest ${job.progress.vmid}`,
          `guest ${job.progress.vmid} does not bear the mark of this job`,
        ),
  );
}
