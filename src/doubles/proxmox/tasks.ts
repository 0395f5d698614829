import type { Caller } from './identity/credentials.ts';
import { holds } from './rights/acl.ts';
import { type Cluster, now, type Step, type Task, takeFailure } from './state.ts';

/** Types whose work a test can make fail. */
const STEP_OF_TYPE: Readonly<Record<string, Step>> = {
  qmclone: 'clone-task',
  resize: 'resize-task',
  qmstart: 'start-task',
  qmstop: 'stop-task',
  qmdestroy: 'destroy-task',
};

export interface TaskPlan {
  readonly node: string;
  readonly type: string;
  /** The guest's id, or empty. */
  readonly id: string;
  readonly caller: Caller;
  /** Real milliseconds before the work's effect. */
  readonly durationMs: number;
  /** Takes effect at the end; gives the error text if the work failed. */
  finish(log: (line: string) => void): string | undefined;
  /** Clears up after a failure that was ordered, or after being stopped. */
  undo?(): void;
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');

/** Starts work in the background and answers its UPID at once; success shows only in the exit status. */
export function startTask(cluster: Cluster, plan: TaskPlan): string {
  cluster.nextPid += 1;
  const pid = cluster.nextPid;
  const pstart = 0x00a00000 + pid * 7;
  const starttime = now(cluster);
  const upid = `UPID:${plan.node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${plan.type}:${plan.id}:${plan.caller.id}:`;
  const task: Task = {
    upid,
    node: plan.node,
    type: plan.type,
    id: plan.id,
    user: plan.caller.user,
    ...(plan.caller.token === undefined ? {} : { tokenid: plan.caller.token }),
    pid,
    pstart,
    starttime,
    log: [],
    stopRequested: false,
    hiddenReads: cluster.controls.lateTaskReads,
  };
  cluster.tasks.set(upid, task);
  const step = STEP_OF_TYPE[plan.type];
  // an ordered failure meets the next task that starts, not one that is under way
  const ordered = step && takeFailure(cluster, step);
  const timer = setTimeout(() => {
    cluster.timers.delete(timer);
    if (!task.stopRequested) end(cluster, task, plan, ordered);
  }, plan.durationMs);
  cluster.timers.add(timer);
  onStop.set(task, () => {
    clearTimeout(timer);
    cluster.timers.delete(timer);
    end(cluster, task, plan, 'received interrupt');
  });
  return upid;
}

const onStop = new WeakMap<Task, () => void>();

function end(cluster: Cluster, task: Task, plan: TaskPlan, ordered: string | undefined): void {
  const faulty = cluster.faults.has('TASK_FAILED') && plan.type === 'qmclone';
  const failure = ordered ?? (faulty ? 'clone failed: unable to write data: Input/output error' : undefined);
  const error = failure ?? plan.finish((line) => task.log.push(line));
  if (failure !== undefined) plan.undo?.();
  task.endtime = now(cluster);
  task.exitstatus = error ?? 'OK';
  task.log.push(error === undefined ? 'TASK OK' : `TASK ERROR: ${error}`);
}

export function stopTask(task: Task): void {
  if (task.exitstatus !== undefined) return;
  task.stopRequested = true;
  onStop.get(task)?.();
}

/** Its very maker may see a task, and the owner of the token that made it; another token of the owner may not. */
export function isTaskOwner(task: Task, caller: Caller): boolean {
  const maker = task.tokenid === undefined ? task.user : `${task.user}!${task.tokenid}`;
  return caller.id === maker || caller.id === task.user;
}

export const maySeeTask = (cluster: Cluster, task: Task, caller: Caller): boolean =>
  isTaskOwner(task, caller) ||
  caller.id === 'root@pam' ||
  holds(cluster, caller.id, `/nodes/${task.node}`, 'Sys.Audit');

export function taskStatus(task: Task): Record<string, unknown> {
  return {
    upid: task.upid,
    node: task.node,
    type: task.type,
    id: task.id,
    user: task.user,
    ...(task.tokenid === undefined ? {} : { tokenid: task.tokenid }),
    pid: task.pid,
    pstart: task.pstart,
    starttime: task.starttime,
    status: task.exitstatus === undefined ? 'running' : 'stopped',
    ...(task.exitstatus === undefined ? {} : { exitstatus: task.exitstatus }),
  };
}
