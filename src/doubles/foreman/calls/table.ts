import { createHash } from 'node:crypto';
import { done } from '../answer.ts';
import type { Call } from './call.ts';
import { computeResourceCalls } from './compute-resources.ts';
import { hostCalls } from './hosts.ts';
import { tokenCalls } from './tokens.ts';
import { userCalls } from './users.ts';

export const FOREMAN_VERSION = '1.24.3';

const database = { active: true, duration_ms: '0' };

function homeCalls(): Call[] {
  const resource = 'home';
  return [
    {
      method: 'GET',
      path: '/ping',
      resource: 'ping',
      action: 'ping',
      open: true,
      answer: () => done({ results: { foreman: { database } } }),
    },
    {
      method: 'GET',
      path: '/status',
      resource,
      action: 'status',
      answer: () => done({ result: 'ok', status: 200, version: FOREMAN_VERSION, api_version: 2 }),
    },
    {
      method: 'GET',
      path: '/statuses',
      resource: 'ping',
      action: 'statuses',
      needs: () => ['view_statuses'],
      answer: ({ foreman }) =>
        done({
          results: {
            foreman: {
              version: FOREMAN_VERSION,
              api: { version: 'v2' },
              plugins: [],
              smart_proxies: [],
              compute_resources: [...foreman.computeResources.values()].map(({ name }) => ({
                name,
                status: 'ok',
                duration_ms: '12',
                errors: [],
              })),
              database,
            },
          },
        }),
    },
    {
      method: 'GET',
      path: '/settings',
      resource: 'settings',
      action: 'index',
      needs: () => ['view_settings'],
      answer: () =>
        done({
          total: 1,
          subtotal: 1,
          page: 1,
          per_page: 20,
          search: null,
          sort: { by: null, order: null },
          results: [{ id: 1, name: 'entries_per_page', value: 20, default: 20, settings_type: 'integer' }],
        }),
    },
  ];
}

export const callTable = (): readonly Call[] => [
  ...homeCalls(),
  ...userCalls(),
  ...tokenCalls(),
  ...hostCalls(),
  ...computeResourceCalls(),
];

export interface FoundCall {
  readonly call: Call;
  readonly inPath: Readonly<Record<string, string>>;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** `path` lies below /api or /api/v2, undecoded. */
export function findCall(table: readonly Call[], method: string, path: string): FoundCall | undefined {
  const given = path.split('/').filter(Boolean).map(decoded);
  for (const call of table) {
    const parts = call.path.split('/').filter(Boolean);
    // a HEAD is a GET whose body stays behind
    if (call.method !== (method === 'HEAD' ? 'GET' : method) || parts.length !== given.length) continue;
    const inPath: Record<string, string> = {};
    const fits = parts.every((part, index) => {
      const value = given[index] ?? '';
      if (!part.startsWith(':')) return part === value;
      inPath[part.slice(1)] = value;
      return true;
    });
    if (fits) return { call, inPath };
  }
  return undefined;
}

/** Clients read every one of these fields. */
const parameter = (name: string, type: 'string' | 'numeric', required = false) => ({
  name,
  full_name: name,
  description: '',
  required,
  expected_type: type,
  validator: type === 'string' ? 'Must be a String' : 'Must be a number.',
  allow_nil: false,
});
const LIST_PARAMETERS = [
  parameter('search', 'string'),
  parameter('order', 'string'),
  parameter('page', 'numeric'),
  parameter('per_page', 'numeric'),
];

/** The API description clients download before anything else; its checksum stands on every answer. */
export function apiDescription(table: readonly Call[]): { readonly text: string; readonly checksum: string } {
  const resources: Record<string, { name: string; methods: object[] }> = {};
  for (const call of table) {
    const resource = resources[call.resource] ?? { name: call.resource, methods: [] };
    resources[call.resource] = resource;
    const params = [
      ...(call.path.match(/:\w+/g) ?? []).map((part) => parameter(part.slice(1), 'string', true)),
      ...(call.action === 'index' ? LIST_PARAMETERS : []),
    ];
    resource.methods.push({
      name: call.action,
      apis: [{ api_url: `/api${call.path}`, http_method: call.method, short_description: call.action }],
      params,
    });
  }
  const docs = {
    name: 'Foreman',
    info: 'The API of a stand-in',
    copyright: '',
    doc_url: '/apidoc',
    api_url: '/api',
    resources,
  };
  const text = JSON.stringify({ docs });
  return { text, checksum: createHash('md5').update(text).digest('hex') };
}
