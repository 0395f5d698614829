import type { Inspection, InspectTrust } from '../../wire/connection-trust.ts';
import type {
  ChangeConnection,
  Connection,
  ConnectionList,
  ConnectionQuery,
  CreateConnection,
  KindList,
  RightsQuery,
  SavedConnection,
  TestStored,
  TestValues,
} from '../../wire/connections.ts';
import type { Rights, TestLine, TestReport } from '../../wire/diagnosis.ts';
import type { Doctor, DoctorQuery, Event, EventList, EventQuery, WebhookKey } from '../../wire/events.ts';
import type { HostQuery, InventoryLine, NodeList, TemplateList } from '../../wire/inventory.ts';
import type {
  MadeCredential,
  MakeCredential,
  RevokeCredential,
  RevokeUpstreamToken,
  RotateCredential,
  RotatedCredential,
  UpstreamTokenList,
} from '../../wire/upstream-credentials.ts';
import { segment } from '../pages.ts';
import type { Transport } from '../transport.ts';

/** Queries as a program writes them: numbers are numbers. */
export type HostFilter = Omit<HostQuery, 'per_page' | 'organization_id' | 'location_id'> & {
  readonly per_page?: number;
  readonly organization_id?: number;
  readonly location_id?: number;
};
export type RightsFilter = Omit<RightsQuery, 'template'> & { readonly template?: number };
export type EventFilter = Omit<EventQuery, 'limit' | 'after'> & {
  readonly limit?: number;
  readonly after?: number;
};

const ROOT = '/api/v1/connections';
/** A test may wait for a system that answers slowly, several times over. */
const PATIENCE = { timeoutMs: 240_000 };

export function connectionCalls(transport: Transport) {
  /** @param key id or name */
  const at = (key: string) => `${ROOT}/${segment(key)}`;
  const post = <T>(path: string, json: unknown = {}) =>
    transport.call<T>('POST', path, { json, ...PATIENCE });
  const pages = (key: string, what: string, query: HostFilter) =>
    transport.lines<InventoryLine>('GET', `${at(key)}/${what}`, { query: { ...query } });
  return {
    list: (query: ConnectionQuery = {}) =>
      transport.call<ConnectionList>('GET', ROOT, { query: { ...query } }),
    kinds: () => transport.call<KindList>('GET', '/api/v1/connection-kinds'),
    get: (key: string) => transport.call<Connection>('GET', at(key)),
    /** Rejects with `connection_failed` when the check before saving fails; nothing is stored then. */
    create: (request: CreateConnection) => post<SavedConnection>(ROOT, request),
    update: (key: string, change: ChangeConnection) =>
      transport.call<SavedConnection>('PATCH', at(key), { json: change, ...PATIENCE }),
    remove: (key: string) => transport.call<void>('DELETE', at(key)),
    test: (key: string, request: TestStored = {}) => post<TestReport>(`${at(key)}/test`, request),
    /** Tries values of which nothing is stored. */
    testValues: (values: TestValues) => post<TestReport>(`${ROOT}/test`, values),
    /** The same, layer by layer; the last line is the report. */
    watchValues: (values: TestValues) =>
      transport.lines<TestLine>('POST', `${ROOT}/test/watch`, { json: values, ...PATIENCE }),
    watchTest: (key: string, request: TestStored = {}) =>
      transport.lines<TestLine>('POST', `${at(key)}/test/watch`, { json: request, ...PATIENCE }),
    /** The certificate, as shown in a handshake in which nothing is sent. */
    inspect: (request: InspectTrust) => post<Inspection>(`${ROOT}/inspect`, request),
    inspectTrust: (key: string) => post<Inspection>(`${at(key)}/inspect-trust`),
    rights: (key: string, query: RightsFilter) =>
      transport.call<Rights>('GET', `${at(key)}/rights`, { query: { ...query }, ...PATIENCE }),
    rotate: (key: string, request: RotateCredential = {}) =>
      post<RotatedCredential>(`${at(key)}/rotate`, request),
    /** Revokes it upstream and forgets it here. */
    revokeCredential: (key: string, request: RevokeCredential = {}) =>
      post<Connection>(`${at(key)}/revoke-credential`, request),
    /** Makes a credential upstream with a login that is used once and kept nowhere. */
    makeCredential: (request: MakeCredential) => post<MadeCredential>(`${ROOT}/make-credential`, request),
    /** Pages as they arrive; the last line says whether the list is whole. */
    hosts: (key: string, query: HostFilter = {}) => pages(key, 'hosts', query),
    hypervisors: (key: string, query: HostFilter = {}) => pages(key, 'hypervisors', query),
    host: (key: string, host: string) =>
      transport.call<Record<string, unknown>>('GET', `${at(key)}/hosts/${segment(host)}`, PATIENCE),
    hostPart: (key: string, host: string, part: 'facts' | 'parameters' | 'puppetclasses') =>
      transport.call<{ value: unknown }>('GET', `${at(key)}/hosts/${segment(host)}/${part}`, PATIENCE),
    nodes: (key: string) => transport.call<NodeList>('GET', `${at(key)}/nodes`, PATIENCE),
    templates: (key: string) => transport.call<TemplateList>('GET', `${at(key)}/templates`, PATIENCE),
    /** Tokens as the system itself keeps them (Foreman). */
    upstreamTokens: (key: string, user?: string) =>
      transport.call<UpstreamTokenList>('GET', `${at(key)}/upstream-tokens`, {
        query: { user },
        ...PATIENCE,
      }),
    revokeUpstreamToken: (key: string, id: string, request: RevokeUpstreamToken = {}) =>
      post<void>(`${at(key)}/upstream-tokens/${segment(id)}/revoke`, request),
  };
}

export function eventCalls(transport: Transport) {
  return {
    list: (query: EventFilter = {}) =>
      transport.call<EventList>('GET', '/api/v1/events', { query: { ...query } }),
    acknowledge: (id: number) => transport.call<Event>('POST', `/api/v1/events/${id}/acknowledge`),
    /** The key that deliveries to the webhook are signed with; showing it is recorded. */
    webhookKey: () => transport.call<WebhookKey>('POST', '/api/v1/webhook/show-key'),
  };
}

/** Every connection examined, ten side by side. */
export const doctor = (transport: Transport, query: DoctorQuery = {}) =>
  transport.call<Doctor>('GET', '/api/v1/doctor', { query: { ...query }, timeoutMs: 600_000 });
