import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Actor } from '../../access/principal.ts';
import { type Clock, seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Connections } from '../../connections/connections.ts';
import type { HostList, Inventory, Pages } from '../../connections/inventory.ts';
import type { ConnectionRecord } from '../../connections/record.ts';
import { timestamp } from '../../http/present.ts';
import type { AddCall } from './call.ts';
import { findConfig, unknownConfig } from './configs.ts';
import { Chosen, OneConfig, OneHost, Results, Searched } from './shapes.ts';

export interface HostCallNeeds {
  readonly connections: Connections;
  readonly inventory: Inventory;
  readonly clock: Clock;
}

type Row = Readonly<Record<string, unknown>>;

const STATUS_KEYS = [
  'puppet_status',
  'puppet_proxy_name',
  'puppet_proxy_id',
  'puppet_ca_proxy_name',
  'puppet_ca_proxy_id',
  'configuration_status',
  'configuration_status_label',
];

export function hostCalls(add: AddCall, { connections, inventory, clock }: HostCallNeeds): void {
  /** The configuration asked for, or the first one there is. */
  async function chosen(actor: Actor, id: string | undefined): Promise<Result<ConnectionRecord>> {
    if (id !== undefined) return findConfig(connections, actor, id);
    const found = await connections.list(actor, { kind: 'foreman' });
    if (!found.ok) return found;
    const [first] = found.value;
    return first === undefined ? unknownConfig() : ok(first);
  }

  /** One host's things, with Foreman's own 404 told from a failure of Foreman. */
  async function ofHost<T>(
    actor: Actor,
    id: string | undefined,
    read: (key: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const record = await chosen(actor, id);
    if (!record.ok) return record;
    const found = await read(record.value.id);
    if (found.ok || !saysNotFound(found.error.fields)) return found;
    return err({ ...found.error, code: 'not_found', message: 'Host not found in Foreman' });
  }

  const listing = async (
    actor: Actor,
    reply: FastifyReply,
    what: HostList,
    id: string | undefined,
    search: string | undefined,
    key = 'results',
  ): Promise<Result<unknown>> => {
    const record = await chosen(actor, id);
    if (!record.ok) return record;
    const options = search === undefined || search.trim() === '' ? {} : { search };
    const pages = await inventory.pages(actor, record.value.id, what, options);
    if (!pages.ok) return pages;
    const at = timestamp(seconds(clock));
    return ok(
      reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(Readable.from(oneObject(pages.value, key, record.value.id, at), { highWaterMark: 1 })),
    );
  };

  add({
    method: 'GET',
    path: '/hosts',
    summary: 'Hosts of a Foreman',
    query: Searched,
    response: Results,
    handle: async ({ actor, query, reply }) => listing(actor, reply, 'hosts', query.config_id, query.search),
  });

  add({
    method: 'GET',
    path: '/hypervisors',
    summary: 'Hypervisors (compute resources) of a Foreman',
    query: Searched,
    response: Results,
    handle: async ({ actor, query, reply }) =>
      listing(actor, reply, 'hypervisors', query.config_id, query.search),
  });

  add({
    method: 'POST',
    path: '/:id/refresh',
    summary: 'Read the hosts of a Foreman anew',
    params: OneConfig,
    response: Results.partial(),
    handle: async ({ actor, params, reply }) => listing(actor, reply, 'hosts', params.id, undefined, 'hosts'),
  });

  add({
    method: 'GET',
    path: '/hosts/:host',
    summary: 'One host, as Foreman tells it',
    params: OneHost,
    query: Chosen,
    response: Results.partial(),
    handle: async ({ actor, params, query }) =>
      ofHost(actor, query.config_id, (key) => inventory.host(actor, key, params.host)),
  });

  add({
    method: 'GET',
    path: '/hosts/:host/puppet-classes',
    summary: 'Puppet classes of a host',
    params: OneHost,
    query: Chosen,
    response: Results,
    async handle({ actor, params, query }) {
      const found = await ofHost(actor, query.config_id, (key) =>
        inventory.hostPart(actor, key, params.host, 'puppetclasses'),
      );
      return found.ok ? ok(counted(rowsOf(found.value))) : found;
    },
  });

  add({
    method: 'GET',
    path: '/hosts/:host/puppet-parameters',
    summary: 'Parameters of a host',
    params: OneHost,
    query: Chosen,
    response: Results,
    async handle({ actor, params, query }) {
      const found = await ofHost(actor, query.config_id, (key) =>
        inventory.hostPart(actor, key, params.host, 'parameters'),
      );
      return found.ok ? ok(counted(rowsOf(found.value))) : found;
    },
  });

  add({
    method: 'GET',
    path: '/hosts/:host/puppet-facts',
    summary: 'Facts of a host',
    params: OneHost,
    query: Searched,
    response: Results,
    async handle({ actor, params, query }) {
      const found = await ofHost(actor, query.config_id, (key) =>
        inventory.hostPart(actor, key, params.host, 'facts'),
      );
      if (!found.ok) return found;
      const wanted = query.search?.toLowerCase() ?? '';
      const facts = Object.entries(recordOf(found.value)).filter(([name]) =>
        name.toLowerCase().includes(wanted),
      );
      return ok({ results: Object.fromEntries(facts), total: facts.length });
    },
  });

  add({
    method: 'GET',
    path: '/hosts/:host/puppet-status',
    summary: 'How Puppet fares on a host',
    params: OneHost,
    query: Chosen,
    response: Results.partial(),
    async handle({ actor, params, query }) {
      const host = await ofHost(actor, query.config_id, (key) => inventory.host(actor, key, params.host));
      if (!host.ok) return host;
      return ok(Object.fromEntries(STATUS_KEYS.map((key) => [key, host.value[key] ?? null])));
    },
  });
}

const saysNotFound = (fields: readonly { readonly message: string }[] | undefined): boolean =>
  fields?.some(({ message }) => /: 404\b/.test(message)) ?? false;

const recordOf = (value: unknown): Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {};

/** Rows as they are, or those of every module in turn. */
const rowsOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : Object.values(recordOf(value)).flat();

const counted = (results: unknown[]) => ({ results, total: results.length });

/**
 * One JSON object, written while the pages arrive, so that a large inventory is never held whole. Should a later
 * page fail, the text ends early: half a list must not look like a list.
 */
async function* oneObject(pages: Pages, key: string, id: string, at: string): AsyncGenerator<string> {
  let count = 0;
  yield `{${JSON.stringify(key)}:[`;
  for await (const page of pages) {
    if (!page.ok) throw new Error(`the listing broke off: ${page.error.code}`);
    const rows = page.value.rows.map((row) => JSON.stringify(row)).join(',');
    if (rows !== '') yield `${count === 0 ? '' : ','}${rows}`;
    count += page.value.rows.length;
  }
  const meta = { generated_at: at, host_count: count, source: 'live' };
  const rest = JSON.stringify({ ...(key === 'results' ? { total: count } : {}), config_id: id, meta });
  yield `],${rest.slice(1)}`;
}
