import { z } from 'zod';
import { Timestamp } from './common.ts';

/** Machines, and the jobs that make them. */

export const MachineKey = z
  .string()
  .min(1)
  .max(80)
  .meta({ description: 'Name of a machine, or id of its job' });
export const JobId = z.string().min(1).max(80);

const Size = {
  cores: z.int().min(1).max(128).optional().meta({ description: '2 unless said' }),
  memory: z.int().min(256).max(1_048_576).optional().meta({ description: 'MiB; 2048 unless said' }),
};

export const CreateMachine = z
  .strictObject({
    name: z.string().min(1).max(253).meta({ example: 'test-vm' }),
    version: z.string().min(1).max(20).default('22.04').meta({ description: 'Ubuntu release' }),
    connection: z
      .string()
      .max(80)
      .optional()
      .meta({ description: 'Needed where there are several to Proxmox VE' }),
    template: z
      .int()
      .min(100)
      .max(999_999_999)
      .optional()
      .meta({ description: 'Instead of the one configured for the version' }),
    node: z.string().min(1).max(63).optional(),
    ...Size,
    disk: z.int().min(1).max(65_536).optional().meta({ description: 'GiB; 20 unless said' }),
    storage: z.string().min(1).max(100).optional(),
    bridge: z.string().min(1).max(15).optional(),
    user: z
      .string()
      .max(32)
      .optional()
      .meta({ description: 'Login made in the machine; ubuntu unless said' }),
    ssh_keys: z.array(z.string().max(10_000)).max(20).optional(),
    ip: z
      .string()
      .max(50)
      .optional()
      .meta({ description: 'dhcp, or an address with its prefix', example: '192.0.2.10/24' }),
    gateway: z.string().max(45).optional(),
    nameservers: z.array(z.string().max(45)).max(3).optional(),
  })
  .meta({ id: 'CreateMachine' });
export type CreateMachine = z.input<typeof CreateMachine>;

export const JobState = z.enum([
  'queued',
  'cloning',
  'configuring',
  'resizing',
  'starting',
  'waiting_ip',
  'rolling_back',
  'done',
  'done_without_ip',
  'failed',
  'rolled_back',
  'cancelled',
]);

export const JobMoment = z
  .object({ state: JobState, at: z.string(), note: z.string() })
  .meta({ id: 'JobMoment' });
export type JobMoment = z.infer<typeof JobMoment>;

export const GuestState = z.enum(['running', 'stopped', 'gone', 'unknown']).meta({
  description: 'What the guest does at this moment, as Proxmox VE says; `unknown` where it cannot be learned',
});

export const Job = z
  .object({
    id: z.string(),
    state: JobState,
    ended: z.boolean(),
    owner: z.string(),
    connection: z.object({ id: z.string(), name: z.string() }),
    machine: z.object({
      name: z.string(),
      version: z.string(),
      template: z.int(),
      vmid: z.int().nullable(),
      node: z.string(),
      ip: z.string().nullable(),
      cores: z.int(),
      memory: z.int(),
      disk: z.int(),
      user: z.string(),
      has_ssh_key: z.boolean(),
      guest_state: GuestState.nullable().meta({
        description: 'Null in lists of jobs, which ask nobody, and while there is no machine yet',
      }),
      guest_problem: z.string().nullable().meta({ description: 'Why `guest_state` is `unknown`' }),
    }),
    steps: z.array(JobMoment),
    problem: z
      .object({ code: z.string(), sentence: z.string(), evidence: z.string(), fix: z.string() })
      .nullable()
      .meta({ description: 'Why it failed, or what is lacking' }),
    leftover: z.string().nullable().meta({ description: 'What the undo could not remove' }),
    cancel_requested: z.boolean(),
    status_url: z.string(),
    events_url: z.string().meta({ description: 'The steps as server-sent events' }),
    created_at: Timestamp,
    updated_at: Timestamp,
    ended_at: Timestamp.nullable(),
    deleted_at: Timestamp.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof Job>;

export const JobList = z.object({ items: z.array(Job) }).meta({ id: 'JobList' });
export type JobList = z.infer<typeof JobList>;

export const JobQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) });

export const MachineSettings = z
  .object({
    templates: z.array(z.object({ version: z.string(), template: z.int() })),
    node: z.string().nullable(),
    quota: z.object({ vms: z.int(), cores: z.int(), memory: z.int() }).nullable(),
  })
  .meta({ id: 'MachineSettings' });
export type MachineSettings = z.infer<typeof MachineSettings>;

export const MachineStray = z
  .object({
    connection: z.object({ id: z.string(), name: z.string() }),
    vmid: z.int(),
    node: z.string(),
    name: z.string(),
    job: z.string().meta({ description: 'Job whose mark it bears' }),
    state: JobState.nullable().meta({ description: 'How that job ended; null where nothing is known of it' }),
    owner: z.string().nullable(),
  })
  .meta({ id: 'MachineStray' });
export type MachineStray = z.infer<typeof MachineStray>;

export const MachineStrays = z
  .object({
    items: z.array(MachineStray),
    unsearched: z
      .array(z.object({ connection: z.string(), problem: z.string() }))
      .meta({ description: 'Connections that could not be searched' }),
  })
  .meta({ id: 'MachineStrays' });
export type MachineStrays = z.infer<typeof MachineStrays>;
