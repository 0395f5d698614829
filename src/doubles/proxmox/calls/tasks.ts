import { badParameters, forbidden } from '../refusal.ts';
import { holds } from '../rights/acl.ts';
import { ANYONE } from '../rights/rules.ts';
import { NO_PARAMETERS, numberOf, optional, textOf } from '../schema.ts';
import type { Task } from '../state.ts';
import { isTaskOwner, maySeeTask, stopTask, taskStatus } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

const UPID_SHAPE = /^UPID:[A-Za-z0-9-]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\s]+:[^:\s]*:[^:\s]+:$/;

/** A task is known only to the node it ran on. */
function addressed({ cluster, node, parameters }: CallContext): Task | undefined {
  const task = cluster.tasks.get(textOf(parameters, 'upid') ?? '');
  return task?.node === node ? task : undefined;
}

const noSuchTask = (): Answer => badParameters({ upid: 'no such task' });

function shapeFault({ parameters }: CallContext): Answer | undefined {
  const upid = textOf(parameters, 'upid') ?? '';
  return UPID_SHAPE.test(upid) ? undefined : badParameters({ upid: `unable to parse worker upid '${upid}'` });
}

function readStatus(context: CallContext): Answer {
  const malformed = shapeFault(context);
  if (malformed !== undefined) return malformed;
  const task = addressed(context);
  if (task === undefined) return noSuchTask();
  if (!maySeeTask(context.cluster, task, context.caller)) return forbidden(`/nodes/${task.node}, Sys.Audit`);
  if (task.hiddenReads > 0) {
    task.hiddenReads -= 1;
    return noSuchTask();
  }
  return reply(taskStatus(task));
}

function readLog(context: CallContext): Answer {
  const malformed = shapeFault(context);
  if (malformed !== undefined) return malformed;
  const task = addressed(context);
  if (task === undefined) return noSuchTask();
  if (!maySeeTask(context.cluster, task, context.caller)) return forbidden(`/nodes/${task.node}, Sys.Audit`);
  const start = numberOf(context.parameters, 'start') ?? 0;
  const limit = numberOf(context.parameters, 'limit') ?? 50;
  const lines = task.log.length > 0 ? task.log : ['no content'];
  const rows = lines.slice(start, start + limit).map((text, index) => ({ n: start + index + 1, t: text }));
  return reply(rows, lines.length);
}

function stop(context: CallContext): Answer {
  const malformed = shapeFault(context);
  if (malformed !== undefined) return malformed;
  const task = addressed(context);
  if (task === undefined) return noSuchTask();
  const { cluster, caller } = context;
  const may =
    isTaskOwner(task, caller) ||
    caller.id === 'root@pam' ||
    holds(cluster, caller.id, `/nodes/${task.node}`, 'Sys.Modify');
  if (!may) return forbidden(`/nodes/${task.node}, Sys.Modify`);
  stopTask(task);
  return reply(null);
}

function list({ cluster, caller, node, parameters }: CallContext): Answer {
  const vmid = textOf(parameters, 'vmid');
  const rows = [...cluster.tasks.values()]
    .filter((task) => task.node === node && maySeeTask(cluster, task, caller))
    .filter((task) => vmid === undefined || task.id === vmid)
    .reverse()
    .map((task) => ({
      ...taskStatus(task),
      ...(task.endtime === undefined ? {} : { endtime: task.endtime, status: task.exitstatus }),
    }));
  const start = numberOf(parameters, 'start') ?? 0;
  return reply(rows.slice(start, start + (numberOf(parameters, 'limit') ?? 50)), rows.length);
}

export function taskCalls(): Call[] {
  const page = {
    start: optional('integer', { minimum: 0 }),
    limit: optional('integer', { minimum: 0 }),
  };
  return [
    {
      method: 'GET',
      path: '/nodes/{node}/tasks',
      rule: ANYONE,
      viaDaemon: true,
      parameters: { fields: { ...page, vmid: optional('integer'), source: optional('string') } },
      answer: list,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/tasks/{upid}/status',
      rule: ANYONE,
      viaDaemon: true,
      step: 'status',
      parameters: NO_PARAMETERS,
      answer: readStatus,
    },
    {
      method: 'GET',
      path: '/nodes/{node}/tasks/{upid}/log',
      rule: ANYONE,
      viaDaemon: true,
      parameters: { fields: page },
      answer: readLog,
    },
    {
      method: 'DELETE',
      path: '/nodes/{node}/tasks/{upid}',
      rule: ANYONE,
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: stop,
    },
  ];
}
