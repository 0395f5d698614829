import { loadGuest, macOf } from '../guest-access.ts';
import { died } from '../refusal.ts';
import { agentReadPrivileges } from '../rights/privileges.ts';
import { holderOfAny } from '../rights/rules.ts';
import { NO_PARAMETERS, numberOf } from '../schema.ts';
import type { Cluster, Guest } from '../state.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';
import { agentIsOn } from './guest-read.ts';

const v4 = (address: string, prefix: number): object => ({
  'ip-address': address,
  'ip-address-type': 'ipv4',
  prefix,
});
const v6 = (address: string, prefix: number): object => ({
  'ip-address': address,
  'ip-address-type': 'ipv6',
  prefix,
});

/** The address set through cloud-init, or the one a DHCP server would give to this id. */
function addressOf(guest: Guest): [string, number] {
  const [, address, prefix] =
    /(?:^|,)ip=(\d+\.\d+\.\d+\.\d+)\/(\d+)/.exec(guest.config.get('ipconfig0') ?? '') ?? [];
  if (address !== undefined) return [address, Number(prefix)];
  return [`10.77.${Math.floor(guest.vmid / 250) % 250}.${(guest.vmid % 250) + 2}`, 16];
}

/** Loopback and a container bridge come first, as they often do: only the MAC tells which one is meant. */
function interfaces(guest: Guest): object[] {
  const net0 = guest.config.get('net0');
  const rows: object[] = [
    {
      name: 'lo',
      'hardware-address': '00:00:00:00:00:00',
      'ip-addresses': [v4('127.0.0.1', 8), v6('::1', 128)],
    },
    {
      name: 'docker0',
      'hardware-address': '02:42:c0:a8:00:01',
      'ip-addresses': [v4('172.17.0.1', 16)],
    },
  ];
  const mac = net0 === undefined ? undefined : macOf(net0);
  if (mac === undefined) return rows;
  const [address, prefix] = addressOf(guest);
  return [
    ...rows,
    {
      name: 'eth0',
      'hardware-address': mac.toLowerCase(),
      'ip-addresses': [v6('fe80::be24:11ff:fe00:1', 64), v4(address, prefix)],
    },
    { name: 'eth1', 'hardware-address': '52:54:00:00:00:01' },
  ];
}

function speak(context: CallContext, answer: (guest: Guest) => unknown): Answer {
  const { cluster, node, parameters } = context;
  const loaded = loadGuest(cluster, node, numberOf(parameters, 'vmid') ?? 0);
  if (!loaded.ok) return loaded;
  const guest = loaded.value;
  if (!agentIsOn(guest)) return died('No QEMU guest agent configured');
  if (!guest.running) return died(`VM ${guest.vmid} is not running`);
  const booted = cluster.clock() - guest.startedAtMs >= cluster.durations.bootMs;
  if (!booted || !guest.agentAnswers || cluster.controls.agentSilent)
    return died('QEMU guest agent is not running');
  return reply({ result: answer(guest) });
}

export function guestAgentCalls(cluster: Cluster): Call[] {
  const at = (verb: string): string => `/nodes/{node}/qemu/{vmid}/agent/${verb}`;
  const rule = holderOfAny('/vms/{vmid}', ...agentReadPrivileges(cluster.edition));
  const common = { rule, viaDaemon: true, parameters: NO_PARAMETERS } as const;
  return [
    {
      ...common,
      method: 'GET',
      path: at('network-get-interfaces'),
      step: 'agent',
      answer: (context) => speak(context, interfaces),
    },
    {
      ...common,
      method: 'GET',
      path: at('get-osinfo'),
      answer: (context) => speak(context, () => ({ id: 'ubuntu', name: 'Ubuntu', 'version-id': '22.04' })),
    },
    { ...common, method: 'POST', path: at('ping'), answer: (context) => speak(context, () => ({})) },
  ];
}
