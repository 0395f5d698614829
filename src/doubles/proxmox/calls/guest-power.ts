import { bridgeExists, bridgeOf, loadGuest, lockFault } from '../guest-access.ts';
import { badParameters, died } from '../refusal.ts';
import { holder } from '../rights/rules.ts';
import { flagOf, numberOf, optional } from '../schema.ts';
import type { Cluster, Guest } from '../state.ts';
import { startTask } from '../tasks.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { withPending } from './guest-view.ts';

const ROOT_PARAMETERS = ['skiplock', 'stateuri', 'migratedfrom', 'force-cpu'] as const;

function rootParameterFault({ caller, parameters }: CallContext): Answer | undefined {
  const name = caller.id === 'root@pam' ? undefined : ROOT_PARAMETERS.find((one) => parameters.has(one));
  return name === undefined ? undefined : badParameters({ [name]: 'Only root may use this option.' });
}

/** Settings made while it ran take effect between a stop and the next start. */
function settle(guest: Guest): void {
  const merged = withPending(guest);
  guest.config.clear();
  for (const [name, value] of merged) guest.config.set(name, value);
  guest.pending.clear();
}

function boot(cluster: Cluster, guest: Guest): string | undefined {
  const locked = lockFault(cluster, guest);
  if (locked !== undefined) return locked;
  if (guest.config.get('template') === '1') return `you can't start a vm if it's a template`;
  if (guest.running) return `VM ${guest.vmid} already running`;
  const bridges = [...guest.config].filter(([name]) => /^net\d+$/.test(name)).map(([, net]) => bridgeOf(net));
  const missing = bridges.find(
    (bridge) => bridge !== undefined && !bridgeExists(cluster, guest.node, bridge),
  );
  if (missing !== undefined) return `bridge '${missing}' does not exist`;
  guest.running = true;
  guest.startedAtMs = cluster.clock();
  return undefined;
}

function halt(guest: Guest): void {
  guest.running = false;
  settle(guest);
}

function power(type: 'qmstart' | 'qmstop' | 'qmshutdown' | 'qmreboot'): Call['answer'] {
  return (context) => {
    const { cluster, caller, node, parameters } = context;
    const rootOnly = rootParameterFault(context);
    if (rootOnly !== undefined) return rootOnly;
    const loaded = loadGuest(cluster, node, numberOf(parameters, 'vmid') ?? 0);
    if (!loaded.ok) return loaded;
    const guest = loaded.value;
    const finish = (): string | undefined => {
      const gone = cluster.guests.get(guest.vmid) !== guest;
      if (gone) return `Configuration file 'nodes/${node}/qemu-server/${guest.vmid}.conf' does not exist`;
      if (type === 'qmstart') return boot(cluster, guest);
      const locked = lockFault(cluster, guest);
      if (locked !== undefined) return locked;
      if (type !== 'qmstop' && !guest.running) return `VM ${guest.vmid} not running`;
      halt(guest);
      return type === 'qmreboot' ? boot(cluster, guest) : undefined;
    };
    const durationMs = cluster.durations.taskMs;
    return reply(startTask(cluster, { node, type, id: String(guest.vmid), caller, durationMs, finish }));
  };
}

function destroy(context: CallContext): Answer {
  const { cluster, caller, node, parameters } = context;
  const rootOnly = rootParameterFault(context);
  if (rootOnly !== undefined) return rootOnly;
  const loaded = loadGuest(cluster, node, numberOf(parameters, 'vmid') ?? 0);
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  if (guest.config.get('protection') === '1')
    return died(`can't remove VM ${guest.vmid} - protection mode enabled`);
  if (guest.running) return died(`VM ${guest.vmid} is running - destroy failed`);
  return reply(
    startTask(cluster, {
      node,
      type: 'qmdestroy',
      id: String(guest.vmid),
      caller,
      durationMs: cluster.durations.taskMs,
      finish: () => {
        const locked = lockFault(cluster, guest);
        if (locked !== undefined) return locked;
        if (guest.running) return `VM ${guest.vmid} is running - destroy failed`;
        cluster.guests.delete(guest.vmid);
        // grants on the guest's path stay unless they were asked to go too
        if (flagOf(parameters, 'purge'))
          cluster.acl = cluster.acl.filter((entry) => entry.path !== `/vms/${guest.vmid}`);
        return undefined;
      },
    }),
  );
}

export function guestPowerCalls(): Call[] {
  const rule = holder('/vms/{vmid}', 'VM.PowerMgmt');
  const common = { method: 'POST', rule, viaDaemon: true } as const;
  const at = (verb: string): string => `/nodes/{node}/qemu/{vmid}/status/${verb}`;
  const rootOnly = {
    skiplock: optional('boolean'),
    stateuri: optional('string'),
    migratedfrom: optional('string'),
    'force-cpu': optional('string'),
  };
  const timeout = { timeout: optional('integer', { minimum: 0 }) };
  return [
    {
      ...common,
      path: at('start'),
      step: 'start',
      parameters: { fields: { ...rootOnly, ...timeout, machine: optional('string') } },
      answer: power('qmstart'),
    },
    {
      ...common,
      path: at('stop'),
      step: 'stop',
      parameters: {
        fields: {
          ...rootOnly,
          ...timeout,
          keepActive: optional('boolean'),
          'overrule-shutdown': optional('boolean'),
        },
      },
      answer: power('qmstop'),
    },
    {
      ...common,
      path: at('shutdown'),
      parameters: { fields: { ...timeout, forceStop: optional('boolean'), skiplock: optional('boolean') } },
      answer: power('qmshutdown'),
    },
    { ...common, path: at('reboot'), parameters: { fields: timeout }, answer: power('qmreboot') },
    {
      method: 'DELETE',
      path: '/nodes/{node}/qemu/{vmid}',
      rule: holder('/vms/{vmid}', 'VM.Allocate'),
      viaDaemon: true,
      step: 'destroy',
      parameters: {
        fields: {
          purge: optional('boolean'),
          'destroy-unreferenced-disks': optional('boolean'),
          skiplock: optional('boolean'),
        },
      },
      answer: destroy,
    },
  ];
}
