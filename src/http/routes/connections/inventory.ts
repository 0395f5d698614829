import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../../base/defined.ts';
import { ok } from '../../../base/result.ts';
import type { HostList, Inventory, Pages } from '../../../connections/inventory.ts';
import type { KindView } from '../../../connections/room.ts';
import { KindList, RightsQuery } from '../../../wire/connections.ts';
import { Rights } from '../../../wire/diagnosis.ts';
import {
  Host,
  HostDetails,
  HostPart,
  HostQuery,
  InventoryLine,
  NodeList,
  TemplateList,
} from '../../../wire/inventory.ts';
import type { Authenticate } from '../../authenticate.ts';
import { route } from '../../route.ts';
import { CONNECTIONS, Keyed, TAG } from './connections.ts';
import { linesRoute } from './lines.ts';
import { presentFinding, presentTemplate } from './present.ts';
import { rightsWish } from './wish.ts';

export interface InventoryRouteNeeds {
  readonly authenticate: Authenticate;
  readonly inventory: Inventory;
  readonly kinds: readonly KindView[];
}

const OneHost = z.object({ id: Keyed.shape.id, host: z.string().min(1).max(255) });
const PartOfHost = OneHost.extend({ part: HostPart });

export function inventoryRoutes(
  app: FastifyInstance,
  { authenticate, inventory, kinds }: InventoryRouteNeeds,
): void {
  const tag = TAG;
  const faults = ['insufficient_scope', 'not_found', 'not_supported', 'upstream_failed'] as const;

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/connection-kinds',
    tag,
    summary: 'Kinds of systems, how they are logged in to and which tasks are known',
    response: KindList,
    handle: async () =>
      ok({
        items: kinds.map(({ name, defaultPort, methods, tasks }) => ({
          kind: name,
          default_port: defaultPort,
          methods: [...methods],
          tasks: Object.entries(tasks).map(([task, description]) => ({ name: task, description })),
        })),
      }),
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/rights`,
    tag,
    summary: 'What the credential has and needs for a task',
    params: Keyed,
    query: RightsQuery,
    response: Rights,
    faults,
    async handle({ params, query, caller }) {
      const found = await inventory.rights(caller.actor, params.id, query.for, rightsWish(query));
      if (!found.ok) return found;
      const { task, lines, missing, fix, obsolete, unneeded } = found.value;
      return ok({
        task,
        lines: lines.map((line) => ({ ...line, needs: [...line.needs] })),
        missing: [...missing],
        fix: [...fix],
        ...(obsolete === undefined ? {} : { obsolete: [...obsolete] }),
        ...(unneeded === undefined ? {} : { unneeded: [...unneeded] }),
      });
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/nodes`,
    tag,
    summary: 'Nodes of a Proxmox VE cluster',
    params: Keyed,
    response: NodeList,
    faults,
    async handle({ params, caller }) {
      const nodes = await inventory.nodes(caller.actor, params.id);
      return nodes.ok ? ok({ items: nodes.value.map((node) => ({ ...node })) }) : nodes;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/templates`,
    tag,
    summary: 'Templates of a Proxmox VE cluster',
    params: Keyed,
    response: TemplateList,
    faults,
    async handle({ params, caller }) {
      const templates = await inventory.templates(caller.actor, params.id);
      return templates.ok ? ok({ items: templates.value.map(presentTemplate) }) : templates;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/hosts/:host`,
    tag,
    summary: 'One host, as Foreman tells it',
    params: OneHost,
    response: Host,
    faults,
    async handle({ params, caller }) {
      const host = await inventory.host(caller.actor, params.id, params.host);
      return host.ok ? ok({ ...host.value }) : host;
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: `${CONNECTIONS}/:id/hosts/:host/:part`,
    tag,
    summary: 'Facts, parameters or Puppet classes of a host',
    params: PartOfHost,
    response: HostDetails,
    faults,
    async handle({ params, caller }) {
      const found = await inventory.hostPart(caller.actor, params.id, params.host, params.part);
      return found.ok ? ok({ value: found.value }) : found;
    },
  });

  const list = (what: HostList, summary: string): void =>
    linesRoute(app, authenticate, {
      method: 'GET',
      path: `${CONNECTIONS}/:id/${what}`,
      tag,
      summary,
      description:
        'JSON lines: a page each as it arrives, and a last line that says whether the list is whole.',
      params: Keyed,
      query: HostQuery,
      line: InventoryLine,
      async handle({ params, query, caller }) {
        const { organization_id, location_id, per_page, search } = query;
        const pages = await inventory.pages(
          caller.actor,
          params.id,
          what,
          defined({
            search,
            organizationId: organization_id,
            locationId: location_id,
            perPage: per_page,
          }),
        );
        return pages.ok ? ok(pageLines(pages.value)) : pages;
      },
    });
  list('hosts', 'Hosts of a Foreman, page after page');
  list('hypervisors', 'Hypervisors (compute resources) of a Foreman, page after page');
}

async function* pageLines(pages: Pages): AsyncGenerator<InventoryLine> {
  let seen = 0;
  for await (const page of pages) {
    if (!page.ok) {
      yield { end: 'failed', seen, finding: presentFinding(page.error) };
      return;
    }
    seen = page.value.seen;
    yield { ...page.value, rows: [...page.value.rows] };
  }
  yield { end: 'complete', seen };
}
