import type { Actor } from '../access/principal.ts';
import { fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Finding } from '../kinds/finding.ts';
import {
  type HostPart,
  type ListOptions,
  listHosts,
  listHypervisors,
  type Page,
  showHost,
  showHostPart,
} from '../kinds/foreman/hosts.ts';
import type { Expectations, KindName, RightsReport, Subject } from '../kinds/kind.ts';
import { proxmoxApi } from '../kinds/proxmox/api.ts';
import { tokenIdOf } from '../kinds/proxmox/identity.ts';
import {
  type GuestFacts,
  type NodeFacts,
  readGuests,
  readNodes,
  readTemplate,
  type TemplateFacts,
} from '../kinds/proxmox/inventory.ts';
import { explainRefusal } from '../kinds/proxmox/refusal.ts';
import { mayRead, unknownConnection } from './access.ts';
import type { Outlet, Outlets } from './outlets.ts';
import type { ConnectionStore } from './store.ts';

/** A template with its settings, or why they cannot be read. */
export interface TemplateView {
  readonly guest: GuestFacts;
  readonly settings: TemplateFacts | null;
  readonly unreadable: string | null;
}

export type Pages = AsyncGenerator<Result<Page, Finding>>;
export type HostList = 'hosts' | 'hypervisors';

/** What stands behind a connection, as its credential may see it. */
export interface Inventory {
  /** The first page is read before this resolves: a refusal is then a refusal, not half a list. */
  pages(actor: Actor, key: string, what: HostList, options: ListOptions): Promise<Result<Pages>>;
  host(actor: Actor, key: string, host: string): Promise<Result<Readonly<Record<string, unknown>>>>;
  hostPart(actor: Actor, key: string, host: string, part: HostPart): Promise<Result<unknown>>;
  nodes(actor: Actor, key: string): Promise<Result<readonly NodeFacts[]>>;
  templates(actor: Actor, key: string): Promise<Result<readonly TemplateView[]>>;
  rights(actor: Actor, key: string, task: string, expect: Expectations): Promise<Result<RightsReport>>;
}

interface Dependencies {
  readonly store: ConnectionStore;
  readonly outlets: Outlets;
}

const LISTS = { hosts: listHosts, hypervisors: listHypervisors };
/** Templates read at once. */
const AT_ONCE = 8;

export function createInventory({ store, outlets }: Dependencies): Inventory {
  async function use<T>(
    actor: Actor,
    key: string,
    kind: KindName | null,
    work: (outlet: Outlet) => Promise<Result<T, Finding>>,
  ): Promise<Result<T>> {
    const allowed = mayRead(actor, 'look behind connections');
    if (!allowed.ok) return allowed;
    const record = await store.connection(key);
    if (record === null) return err(unknownConnection(key));
    if (kind !== null && record.kind !== kind)
      return err(
        fault('not_supported', `'${record.name}' is a connection to ${record.kind}; this needs ${kind}.`),
      );
    return outlets.use(actor, key, work);
  }

  return {
    pages: (actor, key, what, options) =>
      use(actor, key, 'foreman', async ({ subject }) => {
        const pages = LISTS[what](subject, options);
        const first = await pages.next();
        if (first.done === true) return ok(nothing());
        return first.value.ok ? ok(startingWith(first.value, pages)) : first.value;
      }),

    host: (actor, key, host) => use(actor, key, 'foreman', ({ subject }) => showHost(subject, host)),

    hostPart: (actor, key, host, part) =>
      use<unknown>(actor, key, 'foreman', ({ subject }) => showHostPart(subject, host, part)),

    nodes: (actor, key) =>
      use(actor, key, 'proxmox', async ({ subject, carrier }) => {
        const nodes = await readNodes(proxmoxApi(subject, carrier));
        return nodes.ok ? nodes : err(explainRefusal(nodes.error, contextOf(subject), 'P9'));
      }),

    templates: (actor, key) =>
      use(actor, key, 'proxmox', async ({ subject, carrier }) => {
        const api = proxmoxApi(subject, carrier);
        const guests = await readGuests(api);
        if (!guests.ok) return err(explainRefusal(guests.error, contextOf(subject), 'P11'));
        const templates = guests.value.filter((guest) => guest.template);
        const views: TemplateView[] = [];
        for (let from = 0; from < templates.length; from += AT_ONCE) {
          const batch = templates.slice(from, from + AT_ONCE).map(async (guest): Promise<TemplateView> => {
            if (guest.type === 'lxc') return { guest, settings: null, unreadable: 'a container, not a VM' };
            const read = await readTemplate(api, guest);
            if (read.ok) return { guest, settings: read.value, unreadable: null };
            const { sentence } = explainRefusal(read.error, contextOf(subject), 'P11');
            return { guest, settings: null, unreadable: sentence };
          });
          views.push(...(await Promise.all(batch)));
        }
        return ok(views);
      }),

    rights: (actor, key, task, expect) =>
      use(actor, key, null, async ({ kind, subject, record }) => {
        if (kind.rights === undefined) return err(noTasks(record.kind));
        return kind.rights(subject, task, expect);
      }),
  };
}

const contextOf = ({ client, credential }: Subject) => {
  const { user, token } = tokenIdOf(credential.identity);
  return { origin: client.origin, who: { user, token } };
};

const noTasks = (kind: string): Finding => ({
  code: 'TASK_UNKNOWN',
  probe: 'P0',
  layer: 'format',
  severity: 'blocking',
  evidence: kind,
  sentence: `Nothing is known of the rights that tasks need on ${kind}.`,
  fix: '',
});

async function* nothing(): Pages {}

async function* startingWith(first: Result<Page, Finding>, rest: Pages): Pages {
  yield first;
  yield* rest;
}
