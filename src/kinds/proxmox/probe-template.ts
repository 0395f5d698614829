import type { Finding } from '../finding.ts';
import type { Expectations } from '../kind.ts';
import { type ProxmoxApi, path } from './api.ts';
import { find } from './find.ts';
import { type GuestFacts, readTemplate, type TemplateFacts } from './inventory.ts';
import { explainRefusal, type RefusalContext } from './refusal.ts';

/** P11: each template that is expected, against what the cluster shows. */
export async function templateFindings(
  api: ProxmoxApi,
  expect: Expectations,
  guests: readonly GuestFacts[],
  templates: readonly TemplateFacts[],
  context: RefusalContext,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const wanted of expect.templates ?? []) {
    findings.push(...(await oneTemplate(api, expect, wanted, guests, templates, context)));
  }
  return findings;
}

async function oneTemplate(
  api: ProxmoxApi,
  expect: Expectations,
  { id, version }: { readonly id: number; readonly version?: string },
  guests: readonly GuestFacts[],
  templates: readonly TemplateFacts[],
  context: RefusalContext,
): Promise<Finding[]> {
  const names = templates.map((each) => `${each.id} (${each.name} on ${each.node})`);
  const guest = guests.find((each) => each.id === id);
  if (guest === undefined) return [await missing(api, expect, id, guests, names, context)];
  if (guest.type === 'lxc')
    return [find('TEMPLATE_LXC', 'P11', `GET /cluster/resources: ${id} is lxc`, { id })];
  if (expect.node !== undefined && guest.node !== expect.node)
    return [
      find('TEMPLATE_OTHER_NODE', 'P11', `GET /cluster/resources: ${id} on ${guest.node}`, {
        id,
        node: guest.node,
        wanted: expect.node,
      }),
    ];
  const read = await readTemplate(api, guest);
  if (!read.ok) return [explainRefusal(read.error, { ...context, guest: id }, 'P11')];
  return judgeTemplate(read.value, version, expect);
}

/** Not in the list: gone, or one of those that may not be seen. The list alone cannot tell. */
async function missing(
  api: ProxmoxApi,
  expect: Expectations,
  id: number,
  guests: readonly GuestFacts[],
  names: readonly string[],
  context: RefusalContext,
): Promise<Finding> {
  const node = expect.node ?? guests[0]?.node ?? context.nodes?.[0] ?? 'localhost';
  const asked = await api.get(path`/nodes/${node}/qemu/${id}/config`);
  return asked.ok
    ? find('TEMPLATE_MISSING', 'P11', `${id} is not listed`, { id, templates: names })
    : explainRefusal(asked.error, { ...context, guest: id, templates: names }, 'P11');
}

function judgeTemplate(facts: TemplateFacts, version: string | undefined, expect: Expectations): Finding[] {
  const { id } = facts;
  const evidence = `GET /nodes/${facts.node}/qemu/${id}/config: ${facts.name}`;
  if (!facts.template) return [find('TEMPLATE_NOT', 'P11', `${evidence}, template 0`, { id })];
  if (facts.lock !== '')
    return [
      find('VM_LOCKED', 'P11', `${evidence}, lock ${facts.lock}`, { id: String(id), lock: facts.lock }),
    ];
  const findings: Finding[] = [];
  const storage = expect.storage ?? (facts.storage || 'local-lvm');
  if (version !== undefined && !isUbuntu(facts, version))
    findings.push(
      find('TEMPLATE_WRONG_OS', 'P11', `${evidence}, ostype ${facts.osType}`, {
        id,
        name: facts.name,
        version,
      }),
    );
  if (!facts.cloudInit)
    findings.push(find('NO_CLOUDINIT', 'P11', `${evidence}, no cloudinit drive`, { id, storage }));
  if (!facts.agent) findings.push(find('NO_AGENT', 'P11', `${evidence}, agent off`, { id, guest: false }));
  const { diskGib } = facts;
  if (expect.diskGib !== undefined && diskGib !== undefined && diskGib > expect.diskGib)
    findings.push(
      find('DISK_SHRINK', 'P11', `${evidence}, disk of ${diskGib} GiB`, {
        has: String(Math.ceil(diskGib)),
        wanted: String(expect.diskGib),
      }),
    );
  return findings;
}

/** By name and type as far as they say anything; a name without a version is taken at the owner's word. */
function isUbuntu(facts: TemplateFacts, version: string): boolean {
  const name = facts.name.toLowerCase();
  if (/^w(in|xp|2k|vista)/.test(facts.osType) || /windows|win-?\d/.test(name)) return false;
  if (/debian|centos|rocky|alma|fedora|suse|arch|alpine|freebsd/.test(name)) return false;
  const [major = '', minor = ''] = version.split('.');
  const named = [...name.matchAll(/(?<!\d)(\d{2})[.\-_]?(04|10)(?!\d)/g)];
  return named.length === 0 || named.some((match) => match[1] === major && match[2] === minor);
}
