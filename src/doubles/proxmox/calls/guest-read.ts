import { loadGuest } from '../guest-access.ts';
import { died } from '../refusal.ts';
import { holds } from '../rights/acl.ts';
import { ANYONE, holder } from '../rights/rules.ts';
import { flagOf, NO_PARAMETERS, numberOf, optional } from '../schema.ts';
import type { Guest } from '../state.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { dataDisks, guestRow, presentConfig, withPending } from './guest-view.ts';

const vmidOf = ({ parameters }: CallContext): number => numberOf(parameters, 'vmid') ?? 0;

/** Guests without VM.Audit are left out in silence: never a 403, only a shorter list. */
function list(kind: Guest['kind']): Call['answer'] {
  return ({ cluster, caller, node }) =>
    reply(
      [...cluster.guests.values()]
        .filter((guest) => guest.kind === kind && guest.node === node)
        .filter((guest) => holds(cluster, caller.id, `/vms/${guest.vmid}`, 'VM.Audit'))
        .map((guest) => guestRow(cluster, guest)),
    );
}

function config(kind: Guest['kind']): Call['answer'] {
  return (context) => {
    const guest = loadGuest(context.cluster, context.node, vmidOf(context), kind);
    if (!guest.ok) return guest;
    const shown = flagOf(context.parameters, 'current') ? guest.value.config : withPending(guest.value);
    return reply(presentConfig(context.cluster, shown));
  };
}

function currentStatus(context: CallContext): Answer {
  const { cluster } = context;
  const loaded = loadGuest(cluster, context.node, vmidOf(context));
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  return reply({
    ...guestRow(cluster, guest),
    qmpstatus: guest.running ? 'running' : 'stopped',
    ha: { managed: 0 },
    ...(agentIsOn(guest) ? { agent: 1 } : {}),
    ...(guest.running ? { pid: 40_000 + guest.vmid } : {}),
  });
}

export const agentIsOn = (guest: Guest): boolean =>
  /^(1|enabled=1)(,|$)/.test(guest.config.get('agent') ?? '');

function pending(context: CallContext): Answer {
  const loaded = loadGuest(context.cluster, context.node, vmidOf(context));
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  const names = new Set([...guest.config.keys(), ...guest.pending.keys()]);
  return reply(
    [...names].map((key) => {
      const waiting = guest.pending.get(key);
      const shown = key === 'cipassword' ? '**********' : guest.config.get(key);
      return {
        key,
        ...(shown === undefined ? {} : { value: shown }),
        ...(waiting === undefined ? {} : waiting === null ? { delete: 1 } : { pending: waiting }),
      };
    }),
  );
}

function cloudinit(context: CallContext): Answer {
  const loaded = loadGuest(context.cluster, context.node, vmidOf(context));
  if (!loaded.ok) return loaded;
  const rows = [...withPending(loaded.value)].filter(([key]) => /^(ci|ipconfig|sshkeys|name)/.test(key));
  return reply(rows.map(([key, value]) => ({ key, value: key === 'cipassword' ? '**********' : value })));
}

/** Turns a stopped guest into a template; there is no way back. */
function makeTemplate(context: CallContext): Answer {
  const loaded = loadGuest(context.cluster, context.node, vmidOf(context));
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  if (guest.running) return died(`you can't convert a VM to template if VM is running`);
  if (guest.config.get('template') === '1') return died(`you can't convert a template to a template`);
  guest.config.set('template', '1');
  for (const [name, setting] of dataDisks(guest.config))
    guest.config.set(name, setting.replace(`vm-${guest.vmid}-disk`, `base-${guest.vmid}-disk`));
  return reply(null);
}

export function guestReadCalls(): Call[] {
  const audit = holder('/vms/{vmid}', 'VM.Audit');
  const current = { fields: { current: optional('boolean'), snapshot: optional('string') } };
  const full = { fields: { full: optional('boolean') } };
  const at = (rest: string): string => `/nodes/{node}/qemu/{vmid}${rest}`;
  return [
    {
      method: 'GET',
      path: '/nodes/{node}/qemu',
      rule: ANYONE,
      viaDaemon: true,
      parameters: full,
      answer: list('qemu'),
    },
    {
      method: 'GET',
      path: '/nodes/{node}/lxc',
      rule: ANYONE,
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: list('lxc'),
    },
    {
      method: 'GET',
      path: '/nodes/{node}/lxc/{vmid}/config',
      rule: audit,
      parameters: current,
      answer: config('lxc'),
    },
    { method: 'GET', path: at('/config'), rule: audit, parameters: current, answer: config('qemu') },
    {
      method: 'GET',
      path: at('/status/current'),
      rule: audit,
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: currentStatus,
    },
    { method: 'GET', path: at('/pending'), rule: audit, parameters: NO_PARAMETERS, answer: pending },
    { method: 'GET', path: at('/cloudinit'), rule: audit, parameters: NO_PARAMETERS, answer: cloudinit },
    {
      method: 'PUT',
      path: at('/cloudinit'),
      rule: holder('/vms/{vmid}', 'VM.Config.Cloudinit'),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: (context) => {
        const guest = loadGuest(context.cluster, context.node, vmidOf(context));
        return guest.ok ? reply(null) : guest;
      },
    },
    {
      method: 'POST',
      path: at('/template'),
      rule: holder('/vms/{vmid}', 'VM.Allocate'),
      viaDaemon: true,
      parameters: { fields: { disk: optional('string') } },
      answer: makeTemplate,
    },
  ];
}
