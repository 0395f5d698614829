import type { Clock } from '../../base/clock.ts';
import { err, type Result } from '../../base/result.ts';
import { isBlocking } from '../../kinds/finding.ts';
import type { Expectations, RightsReport } from '../../kinds/kind.ts';
import { proxmox } from '../../kinds/proxmox/kind.ts';
import type { Problem } from '../problem.ts';
import { openAccess } from './access.ts';
import type { Environment } from './find-settings.ts';
import type { ProxmoxSettings } from './settings.ts';

/** Tasks whose rights can be compared and granted, with what each is for. */
export const PROXMOX_TASKS: Readonly<Record<string, string>> = proxmox.tasks;

/** Has and needs of a task; with `expect.privileges` that list is compared in place of what the token holds. */
export async function rightsFor(
  settings: ProxmoxSettings,
  task: string,
  expect: Expectations,
  clock: Clock,
  environment: Environment,
): Promise<Result<RightsReport, Problem>> {
  const access = await openAccess(settings, clock, environment);
  if (!access.ok) return access;
  try {
    const { subject } = access.value;
    const blocking = (subject.known ?? []).find(isBlocking);
    if (blocking !== undefined) return err(blocking);
    if (proxmox.rights === undefined) throw new Error('Proxmox VE can compare rights');
    return await proxmox.rights(subject, task, expect);
  } finally {
    access.value.close();
  }
}
