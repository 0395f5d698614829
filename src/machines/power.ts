import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import { find } from '../kinds/proxmox/find.ts';
import { guestIsRunning, switchGuest } from '../kinds/proxmox/guests.ts';
import { needGuest } from './guest.ts';
import type { JobRecord } from './record.ts';
import { endOf } from './steps.ts';
import type { StepTools } from './tools.ts';

/** Starts or stops the guest of a job and reads back that it does; nothing is done where it does already. */
export async function power(
  job: JobRecord,
  tools: StepTools,
  to: 'start' | 'stop',
): Promise<Result<true, Finding>> {
  const guest = await needGuest(job, tools);
  if (!guest.ok) return guest;
  const { node } = guest.value;
  for (let turn = 0; ; turn += 1) {
    const runs = await guestIsRunning(tools.api, node, guest.value.id);
    if (!runs.ok) return err(tools.explain(runs.error, 'P11'));
    if (runs.value === (to === 'start')) return ok(true);
    if (turn > 0)
      return err(
        find('TASK_FAILED', 'P11', `after ${to}`, {
          said: `the guest is still ${runs.value ? 'running' : 'stopped'}`,
          log: [],
        }),
      );
    const ordered = await switchGuest(tools.api, node, guest.value.id, to);
    if (!ordered.ok) return err(tools.explain(ordered.error, 'P11'));
    const ended = ordered.value === null ? ok(true as const) : await endOf(ordered.value, tools, to);
    if (!ended.ok) return ended;
  }
}
