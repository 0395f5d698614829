import { type Clock, seconds } from '../../base/clock.ts';
import type { Edition } from './editions.ts';

export interface Token {
  secret: string;
  privsep: boolean;
  /** Epoch seconds; 0 never. */
  expire: number;
  comment?: string;
}

export interface User {
  readonly id: string;
  enabled: boolean;
  /** Epoch seconds; 0 never. */
  expire: number;
  password?: string;
  groups: Set<string>;
  /** comment, email, firstname, lastname, keys */
  readonly details: Map<string, string>;
  readonly tokens: Map<string, Token>;
  /** Base-32 secret of an authenticator app; with it a password alone yields half a ticket. */
  totpSecret?: string;
  readonly recoveryCodes: Set<string>;
}

export interface AclEntry {
  readonly path: string;
  readonly type: 'user' | 'group' | 'token';
  readonly subject: string;
  readonly role: string;
  readonly propagate: boolean;
}

export interface Node {
  readonly name: string;
  readonly id: number;
  readonly address: string;
  online: boolean;
  fingerprint: string;
  /** Interface name to what is known of it. */
  readonly interfaces: Map<string, Readonly<Record<string, string | number>>>;
}

export interface Storage {
  readonly name: string;
  readonly type: string;
  readonly content: readonly string[];
  readonly shared: boolean;
  /** Absent: on all nodes. */
  readonly nodes?: readonly string[];
  /** Can keep a clone as a difference to its template. */
  readonly linkedClones: boolean;
  disabled: boolean;
  /** Bytes. */
  readonly total: number;
  used: number;
  readonly files: Map<string, { readonly format: string; readonly size: number; readonly content: string }>;
}

export interface Guest {
  readonly vmid: number;
  readonly kind: 'qemu' | 'lxc';
  node: string;
  running: boolean;
  /** Epoch milliseconds of the last start. */
  startedAtMs: number;
  pool?: string;
  readonly config: Map<string, string>;
  /** Changes made while running, waiting for a stop and a start; null deletes. */
  readonly pending: Map<string, string | null>;
  /** Whether the agent inside the guest is installed and running. */
  agentAnswers: boolean;
}

export interface Task {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  /** Owner without the token's name. */
  readonly user: string;
  readonly tokenid?: string;
  readonly pid: number;
  readonly pstart: number;
  readonly starttime: number;
  endtime?: number;
  /** Present once stopped. */
  exitstatus?: string;
  readonly log: string[];
  stopRequested: boolean;
  /** Status reads that still answer "no such task". */
  hiddenReads: number;
}

/** Points at which a test can make a call or a task fail. */
export type Step =
  | 'nextid'
  | 'clone'
  | 'clone-task'
  | 'config'
  | 'resize'
  | 'resize-task'
  | 'start'
  | 'start-task'
  | 'status'
  | 'agent'
  | 'stop'
  | 'stop-task'
  | 'destroy'
  | 'destroy-task';

export interface Controls {
  readonly failures: Map<Step, { message: string; times: number }>;
  agentSilent: boolean;
  /** What lists of guests still say: nodes report every ten seconds. Null: what is so at this moment. */
  reported: ReadonlyMap<number, boolean> | null;
  /** Clones that will find their id taken by somebody else meanwhile. */
  races: number;
  /** Status reads right after the start of each task that find no task yet. */
  lateTaskReads: number;
}

export interface Durations {
  /** Milliseconds. */
  readonly cloneMs: number;
  readonly taskMs: number;
  readonly bootMs: number;
}

export interface Cluster {
  readonly name: string;
  readonly edition: Edition;
  /** The server's clock, faults of the clock included. */
  readonly clock: Clock;
  random(bytes: number): Buffer;
  readonly ticketKey: Buffer;
  readonly durations: Durations;
  /** Codes of the faults that are on. */
  readonly faults: Set<string>;
  readonly controls: Controls;
  /** The node that answers; calls naming another are passed on. */
  answeringNode: string;
  readonly nodes: Map<string, Node>;
  readonly realms: Map<string, { readonly type: string; readonly comment: string }>;
  readonly users: Map<string, User>;
  readonly groups: Map<string, { comment: string }>;
  readonly roles: Map<string, ReadonlySet<string>>;
  readonly builtInRoles: ReadonlySet<string>;
  acl: AclEntry[];
  readonly pools: Map<string, { comment: string; readonly storages: Set<string> }>;
  readonly storages: Map<string, Storage>;
  readonly guests: Map<number, Guest>;
  readonly tasks: Map<string, Task>;
  readonly timers: Set<NodeJS.Timeout>;
  nextPid: number;
}

export const now = (cluster: Cluster): number => seconds(cluster.clock);

/** Random, in the shape of a version-4 UUID: secrets of tokens look like this. */
export function newUuid(cluster: Pick<Cluster, 'random'>): string {
  const bytes = cluster.random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Resolves after `ms` milliseconds of real time; never, once the double was closed. */
export function pause(cluster: Cluster, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      cluster.timers.delete(timer);
      resolve();
    }, ms);
    cluster.timers.add(timer);
  });
}

/** Takes one failure that a test ordered for this step, if there is one left. */
export function takeFailure(cluster: Cluster, step: Step): string | undefined {
  const order = cluster.controls.failures.get(step);
  if (order === undefined || order.times <= 0) return undefined;
  order.times -= 1;
  return order.message;
}
