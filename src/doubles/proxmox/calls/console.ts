import type { Clock } from '../../../base/clock.ts';
import { loadGuest } from '../guest-access.ts';
import { issueConsoleTicket } from '../identity/tickets.ts';
import { holder } from '../rights/rules.ts';
import { flagOf, numberOf, optional } from '../schema.ts';
import { startTask } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

const FIRST_CONSOLE_PORT = 5900;
const CONSOLE_PORTS = 100;

/** Ports are handed out in turn; a ticket names its port. */
function nextPort(clock: Clock, vmid: number): number {
  return FIRST_CONSOLE_PORT + ((vmid + Math.floor(clock() / 1000)) % CONSOLE_PORTS);
}

function openConsole({ cluster, caller, node, parameters }: CallContext): Answer {
  const vmid = numberOf(parameters, 'vmid') ?? 0;
  const loaded = loadGuest(cluster, node, vmid);
  if (!loaded.ok) return loaded;
  const port = nextPort(cluster.clock, vmid);
  const ticket = issueConsoleTicket(cluster, caller.id, `/vms/${vmid}`, port);
  const upid = startTask(cluster, {
    node,
    type: 'vncproxy',
    id: String(vmid),
    caller,
    durationMs: cluster.durations.taskMs,
    finish: () => undefined,
  });
  return reply({
    user: caller.id,
    port: String(port),
    ticket,
    upid,
    cert: cluster.nodes.get(node)?.fingerprint ?? '',
    ...(flagOf(parameters, 'generate-password') ? { password: cluster.random(4).toString('hex') } : {}),
  });
}

export function consoleCalls(): Call[] {
  return [
    {
      method: 'POST',
      path: '/nodes/{node}/qemu/{vmid}/vncproxy',
      rule: holder('/vms/{vmid}', 'VM.Console'),
      viaDaemon: true,
      parameters: {
        fields: { websocket: optional('boolean'), 'generate-password': optional('boolean') },
      },
      answer: openConsole,
    },
  ];
}
