import type { GuestState } from '../../../machines/guest-states.ts';
import type { JobRecord, JobStep } from '../../../machines/record.ts';
import type { Job, JobMoment } from '../../../wire/machines.ts';
import { timestamp } from '../../present.ts';

/** @param guest where it was looked for */
export const presentJob = (job: JobRecord, guest?: GuestState): Job => ({
  id: job.id,
  state: job.state,
  ended: job.endedAt !== null,
  owner: job.owner,
  connection: { id: job.connectionId, name: job.connectionName },
  machine: {
    name: job.name,
    version: job.wish.version,
    template: job.wish.template,
    vmid: job.progress.vmid,
    node: job.wish.node,
    ip: job.progress.ip,
    cores: job.wish.cores,
    memory: job.wish.memory,
    disk: job.wish.disk,
    user: job.wish.user,
    has_ssh_key: job.wish.sshKeys.length > 0,
    guest_state: guest?.is ?? null,
    guest_problem: guest?.why ?? null,
  },
  steps: job.progress.steps.map(presentStep),
  problem:
    job.progress.finding === null
      ? null
      : {
          code: job.progress.finding.code,
          sentence: job.progress.finding.sentence,
          evidence: job.progress.finding.evidence,
          fix: job.progress.finding.fix,
        },
  leftover: job.progress.leftover,
  cancel_requested: job.cancelRequested,
  status_url: `/api/v1/jobs/${job.id}`,
  events_url: `/api/v1/jobs/${job.id}/events`,
  created_at: timestamp(job.createdAt),
  updated_at: timestamp(job.updatedAt),
  ended_at: job.endedAt === null ? null : timestamp(job.endedAt),
  deleted_at: job.goneAt === null ? null : timestamp(job.goneAt),
});

export const presentStep = ({ state, atMs, note }: JobStep): JobMoment => ({
  state,
  at: new Date(atMs).toISOString(),
  note,
});
