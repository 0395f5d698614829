import type { Finding } from '../finding.ts';
import { asFlag, asNumber, asRecord, asRecords, asText } from '../json.ts';
import type { Expectations, TestSubject } from '../kind.ts';
import { type ProxmoxApi, path } from './api.ts';
import { find } from './find.ts';
import {
  type GuestFacts,
  type NodeFacts,
  readBridges,
  readGuests,
  readNodes,
  readStorages,
  readTemplate,
  type TemplateFacts,
} from './inventory.ts';
import { templateFindings } from './probe-template.ts';
import { explainRefusal, explainTask, nodeUnknown, type RefusalContext } from './refusal.ts';
import { aclLines, heldAt, type Permissions } from './rights.ts';
import type { Who } from './rows-access.ts';

export interface Objects {
  readonly findings: readonly Finding[];
  readonly nodes: readonly NodeFacts[];
  readonly templates: readonly TemplateFacts[];
}

const GIB = 1024 ** 3;
/** Templates whose configuration is read at once, and at most. */
const AT_ONCE = 4;
const MOST_TEMPLATES = 100;

/** P9 to P17: the nodes, templates, storage, bridge and tasks the connection is meant to work with. */
export async function probeObjects(
  subject: TestSubject,
  api: ProxmoxApi,
  who: Who,
  permissions: Permissions,
  release: string,
): Promise<Objects> {
  const expect = subject.expect ?? {};
  const base: RefusalContext = { origin: subject.client.origin, who, release };
  const listed = await readNodes(api);
  if (!listed.ok) return { findings: [explainRefusal(listed.error, base, 'P9')], nodes: [], templates: [] };
  const nodes = listed.value;
  const context: RefusalContext = { ...base, nodes: nodes.map((node) => node.name) };
  const onNodes = await nodeFindings(api, expect, nodes, context);
  if (onNodes.length > 0) return { findings: onNodes, nodes, templates: [] };

  const guests = await readGuests(api);
  if (!guests.ok) return { findings: [explainRefusal(guests.error, context, 'P10')], nodes, templates: [] };
  const templates = await readTemplates(api, guests.value, nodes);
  const none = emptyList(expect, guests.value, permissions, who);
  const findings = [
    ...(none.length > 0 ? none : await templateFindings(api, expect, guests.value, templates, context)),
    ...(await storageFindings(api, expect, nodes, context)),
    ...(await bridgeFindings(api, expect, nodes, permissions, context)),
    ...(await clusterFindings(api, expect)),
    ...(await guestFindings(api, expect, guests.value, context)),
    ...(await taskFindings(api, expect, context)),
  ];
  return { findings, nodes, templates };
}

async function nodeFindings(
  api: ProxmoxApi,
  { node }: Expectations,
  nodes: readonly NodeFacts[],
  context: RefusalContext,
): Promise<Finding[]> {
  if (node === undefined) return [];
  const names = nodes.map((each) => each.name);
  const evidence = `GET /nodes: ${nodes.map((each) => `${each.name} ${each.status}`).join(', ')}`;
  const found = nodes.find((each) => each.name === node);
  if (found === undefined) return [nodeUnknown(node, names, 'P9', evidence)];
  if (found.status !== 'online')
    return [find('NODE_OFFLINE', 'P9', evidence, { node, others: names.filter((each) => each !== node) })];
  const reached = await api.get(path`/nodes/${node}/qemu`);
  return reached.ok ? [] : [explainRefusal(reached.error, { ...context, node }, 'P10')];
}

async function readTemplates(
  api: ProxmoxApi,
  guests: readonly GuestFacts[],
  nodes: readonly NodeFacts[],
): Promise<readonly TemplateFacts[]> {
  const online = new Set(nodes.filter((node) => node.status === 'online').map((node) => node.name));
  const wanted = guests
    .filter((guest) => guest.template && guest.type === 'qemu' && online.has(guest.node))
    .slice(0, MOST_TEMPLATES);
  const read: TemplateFacts[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const batch = await Promise.all(wanted.slice(at, at + AT_ONCE).map((guest) => readTemplate(api, guest)));
    for (const facts of batch) if (facts.ok) read.push(facts.value);
  }
  return read;
}

/** Nothing listed: forbidden to see and not there are told apart by the rights, never by the list. */
function emptyList(
  expect: Expectations,
  guests: readonly GuestFacts[],
  permissions: Permissions,
  who: Who,
): Finding[] {
  if (guests.some((guest) => guest.template)) return [];
  const wanted =
    (expect.templates ?? []).length > 0 || expect.task === 'clone-vm' || expect.task === 'terraform';
  const severity = wanted ? 'blocking' : 'warning';
  const evidence = `GET /cluster/resources?type=vm: ${guests.length} guests, no template`;
  const atRoot = permissions.get('/')?.get('VM.Audit');
  const below = heldAt(permissions, '/vms', ['VM.Audit']) || heldAt(permissions, '/pool', ['VM.Audit']);
  if (below || atRoot === true)
    return [find('TEMPLATES_NONE', 'P10', evidence, { storage: expect.storage ?? 'local-lvm' }, severity)];
  if (atRoot === false)
    return [
      find('ACL_NO_PROPAGATE', 'P8', evidence, { ...who, path: '/', privileges: ['VM.Audit'] }, severity),
    ];
  return [
    find(
      'TEMPLATES_HIDDEN',
      'P10',
      evidence,
      { grant: aclLines('/vms', 'PVEAuditor', who).join('\n') },
      severity,
    ),
  ];
}

async function storageFindings(
  api: ProxmoxApi,
  expect: Expectations,
  nodes: readonly NodeFacts[],
  context: RefusalContext,
): Promise<Finding[]> {
  const { storage } = expect;
  const node = expect.node ?? nodes.find((each) => each.status === 'online')?.name;
  if (storage === undefined || node === undefined) return [];
  const listed = await readStorages(api, node);
  if (!listed.ok) return [explainRefusal(listed.error, { ...context, node }, 'P12')];
  const found = listed.value.find((each) => each.name === storage);
  const good = listed.value.filter((each) => each.active && each.enabled && each.content.includes('images'));
  const others = good.map((each) => each.name).filter((name) => name !== storage);
  const need = (expect.diskGib ?? 0) * GIB;
  const why =
    found === undefined
      ? `it does not exist on ${node} or is not visible`
      : !found.enabled
        ? 'it is disabled'
        : !found.active
          ? 'it is not active'
          : !found.content.includes('images')
            ? 'it does not hold disk images'
            : found.availableBytes !== undefined && found.availableBytes < need
              ? `only ${Math.floor(found.availableBytes / GIB)} GiB are free`
              : undefined;
  const evidence = `GET /nodes/${node}/storage: ${listed.value.map((each) => each.name).join(', ')}`;
  return why === undefined ? [] : [find('STORAGE_BAD', 'P12', evidence, { storage, why, others })];
}

async function bridgeFindings(
  api: ProxmoxApi,
  expect: Expectations,
  nodes: readonly NodeFacts[],
  permissions: Permissions,
  context: RefusalContext,
): Promise<Finding[]> {
  const { bridge } = expect;
  const node = expect.node ?? nodes.find((each) => each.status === 'online')?.name;
  if (bridge === undefined || node === undefined) return [];
  const listed = await readBridges(api, node);
  if (!listed.ok) return [explainRefusal(listed.error, { ...context, node }, 'P13')];
  if (listed.value.includes(bridge)) return [];
  const { user, token } = context.who;
  const zone = '/sdn/zones/localnetwork';
  const holds = ['SDN.Use', 'SDN.Audit'];
  const above = ['/', '/sdn', '/sdn/zones', zone, `${zone}/${bridge}`];
  const visible =
    Number.parseInt(context.release ?? '', 10) < 8 ||
    above.some((at) => holds.some((privilege) => permissions.get(at)?.has(privilege)));
  return [
    find('BRIDGE_BAD', 'P13', `GET /nodes/${node}/network: ${listed.value.join(', ') || 'no bridge'}`, {
      bridge,
      node,
      hidden: !visible,
      subject: token === '' ? `--users ${user}` : `--tokens '${user}!${token}'`,
      bridges: listed.value,
    }),
  ];
}

/** P14: quorum, where the credential may see it, and the id that should be free. */
async function clusterFindings(api: ProxmoxApi, { newGuest }: Expectations): Promise<Finding[]> {
  const findings: Finding[] = [];
  const status = await api.get('/cluster/status');
  const cluster = status.ok ? asRecords(status.value).find((row) => row.type === 'cluster') : undefined;
  if (cluster !== undefined && !asFlag(cluster.quorate))
    findings.push(find('NO_QUORUM', 'P14', 'GET /cluster/status: quorate 0', {}));
  if (newGuest === undefined) return findings;
  const taken = await api.get('/cluster/nextid', { vmid: newGuest });
  if (taken.ok || !/already exists/.test(taken.error.errors.vmid ?? '')) return findings;
  const next = await api.get('/cluster/nextid');
  const evidence = `GET /cluster/nextid?vmid=${newGuest}: ${taken.error.errors.vmid ?? ''}`;
  const free = next.ok ? asText(next.value) : '';
  return [...findings, find('VMID_TAKEN', 'P14', evidence, { id: String(newGuest), next: free })];
}

/** P17: whether the agent of a running guest answers. */
async function guestFindings(
  api: ProxmoxApi,
  expect: Expectations,
  guests: readonly GuestFacts[],
  context: RefusalContext,
): Promise<Finding[]> {
  const guest = guests.find((each) => each.id === expect.guest);
  if (guest === undefined) return [];
  const answer = await api.get(path`/nodes/${guest.node}/qemu/${guest.id}/agent/network-get-interfaces`);
  return answer.ok ? [] : [explainRefusal(answer.error, { ...context, guest: guest.id }, 'P17')];
}

/** P16: why a task failed, from its end and its last lines. */
async function taskFindings(
  api: ProxmoxApi,
  { upid }: Expectations,
  context: RefusalContext,
): Promise<Finding[]> {
  const node = upid?.split(':')[1];
  if (upid === undefined || node === undefined) return [];
  const status = await api.get(path`/nodes/${node}/tasks/${upid}/status`);
  if (!status.ok) return [explainRefusal(status.error, context, 'P16')];
  const { exitstatus, id } = asRecord(status.value);
  const end = asText(exitstatus);
  if (end === '' || end === 'OK' || /^WARNINGS: \d+$/.test(end)) return [];
  const log = await api.get(path`/nodes/${node}/tasks/${upid}/log`, { limit: 500 });
  const lines = log.ok ? asRecords(log.value).map((row) => asText(row.t)) : [];
  return [explainTask(end, lines, { ...context, guest: asNumber(id) ?? 0 }, upid)];
}
