import { type Answer, done, notFound } from '../answer.ts';
import { parseSearch, type Searchable } from '../search.ts';
import { type Foreman, type Host, type Place, viewTime } from '../state.ts';
import { type Call, type CallContext, may } from './call.ts';
import { inScope, listAnswer } from './listing.ts';

const FIELDS = {
  known: [
    ...['id', 'name', 'hostgroup', 'domain', 'environment', 'model', 'os', 'compute_resource'],
    ...['compute_resource_id', 'ip', 'mac', 'uuid', 'managed', 'build', 'status.enabled', 'global_status'],
    ...['organization_id', 'location_id', 'user.login', 'last_report'],
  ],
  families: ['facts.', 'params.'],
  byDefault: ['name', 'hostgroup', 'ip'],
};
const STATUS_LABELS = ['OK', 'Warning', 'Error'];

function searchable(foreman: Foreman, host: Host): Searchable {
  return (field) => {
    if (field.startsWith('facts.')) return host.facts[field.slice('facts.'.length)];
    if (field.startsWith('params.')) return host.parameters[field.slice('params.'.length)];
    const resource = foreman.computeResources.get(host.computeResourceId ?? 0);
    const values: Readonly<Record<string, string | undefined>> = {
      id: String(host.id),
      name: host.name,
      hostgroup: host.hostgroup,
      domain: host.domain,
      environment: host.environment,
      model: host.model,
      os: host.operatingsystem,
      compute_resource: resource?.name,
      compute_resource_id: resource === undefined ? undefined : String(resource.id),
      ip: host.ip,
      mac: host.mac,
      uuid: host.uuid,
      managed: 'true',
      build: String(host.build),
      'status.enabled': 'true',
      global_status: String(host.globalStatus),
      organization_id: String(host.organizationId),
      location_id: String(host.locationId),
    };
    return values[field];
  };
}

/** Of the roles that show hosts, one without a search shows all; otherwise any of their searches must match. */
function roleShows(context: CallContext, host: Host): boolean {
  const { foreman, user } = context;
  if (user.admin) return true;
  const roles = user.roleIds
    .map((id) => foreman.roles.get(id))
    .filter((role) => role?.permissions.has('view_hosts'));
  return roles.some((role) => {
    const filter = parseSearch(FIELDS, role?.hostSearch ?? '');
    return filter.ok && filter.value(searchable(foreman, host));
  });
}

const visible = (context: CallContext): Host[] =>
  [...context.foreman.hosts.values()].filter(
    (host) => inScope(context, [host.organizationId], [host.locationId]) && roleShows(context, host),
  );

function row(foreman: Foreman, host: Host): Record<string, unknown> {
  const resource = foreman.computeResources.get(host.computeResourceId ?? 0);
  const created = viewTime(host.createdAtMs);
  const named = (key: string, name: string | null): Record<string, unknown> => ({
    [`${key}_id`]: name === null ? null : 1,
    [`${key}_name`]: name,
  });
  return {
    id: host.id,
    name: host.name,
    ip: host.ip,
    ip6: null,
    mac: host.mac,
    ...named('domain', host.domain),
    ...named('environment', host.environment),
    ...named('architecture', 'x86_64'),
    ...named('operatingsystem', host.operatingsystem),
    ...named('model', host.model),
    ...named('hostgroup', host.hostgroup),
    hostgroup_title: host.hostgroup,
    ...named('owner', 'Admin User'),
    owner_type: 'User',
    build: host.build,
    comment: null,
    enabled: true,
    managed: true,
    uuid: host.uuid,
    compute_resource_id: resource?.id ?? null,
    compute_resource_name: resource?.name ?? null,
    capabilities: ['build'],
    provision_method: 'build',
    certname: host.name,
    installed_at: created,
    last_report: null,
    created_at: created,
    updated_at: created,
    uptime_seconds: null,
    global_status: host.globalStatus,
    global_status_label: STATUS_LABELS[host.globalStatus],
    organization_id: host.organizationId,
    organization_name: foreman.organizations.get(host.organizationId)?.name ?? null,
    location_id: host.locationId,
    location_name: foreman.locations.get(host.locationId)?.name ?? null,
    token: host.provisioningToken,
  };
}

const parameterRows = (host: Host): object[] =>
  Object.entries(host.parameters).map(([name, value], index) => ({
    id: index + 1,
    name,
    value,
    priority: null,
  }));

function list(context: CallContext): Answer {
  const thin = context.query.get('thin');
  const include = context.query.getAll('include[]');
  return listAnswer(context, {
    rows: visible(context),
    fields: FIELDS,
    valueOf: (host) => searchable(context.foreman, host),
    present: (host) =>
      thin === '1' || thin === 'true'
        ? { id: host.id, name: host.name }
        : {
            ...row(context.foreman, host),
            ...Object.fromEntries(include.map((name) => [name, parameterRows(host)])),
          },
    createPermission: 'create_hosts',
  });
}

/** Names in the order of their ids, so that one class has one id on every host. */
const CLASS_NAMES = ['apache', 'apache::mod::ssl', 'ntp'];
const classRows = (host: Host) =>
  host.puppetClasses.map((name) => ({
    id: CLASS_NAMES.indexOf(name) + 1,
    name,
    module_name: name.split('::')[0] ?? name,
  }));

/** By id or name, among what the caller may see. */
function find(context: CallContext): Host | undefined {
  const key = context.inPath.id ?? '';
  return visible(context).find((host) => (/^\d+$/.test(key) ? host.id === Number(key) : host.name === key));
}

function show(context: CallContext): Answer {
  const host = find(context);
  if (host === undefined) return notFound('host', context.inPath.id ?? '');
  return done({
    ...row(context.foreman, host),
    parameters: parameterRows(host),
    all_parameters: parameterRows(host),
    interfaces: [
      { id: host.id, name: host.name, ip: host.ip, mac: host.mac, type: 'interface', primary: true },
    ],
    puppetclasses: classRows(host),
    all_puppetclasses: classRows(host),
    config_groups: [],
    permissions: Object.fromEntries(
      ['view_hosts', 'edit_hosts', 'destroy_hosts', 'build_hosts'].map((name) => [name, may(context, name)]),
    ),
  });
}

/** Results are an object keyed by the host's name. */
function facts(context: CallContext): Answer {
  const host = find(context);
  if (host === undefined) return notFound('host', context.inPath.id ?? '');
  return listAnswer(
    context,
    {
      rows: Object.entries(host.facts),
      fields: { known: ['fact', 'name', 'value'], byDefault: ['fact'] },
      valueOf:
        ([name, value]) =>
        (field) =>
          field === 'value' ? value : name,
      present: (fact) => fact,
      createPermission: 'import_facts',
    },
    (page) => (page.length === 0 ? {} : { [host.name]: Object.fromEntries(page) }),
  );
}

function parameters(context: CallContext): Answer {
  const host = find(context);
  if (host === undefined) return notFound('host', context.inPath.id ?? '');
  return listAnswer(context, {
    rows: parameterRows(host) as { id: number; name: string; value: string }[],
    fields: { known: ['name', 'value'], byDefault: ['name'] },
    valueOf: (one) => (field) => (field === 'value' ? one.value : one.name),
    present: (one) => one,
    createPermission: 'create_params',
  });
}

/** Results are an object keyed by module. */
function puppetClasses(context: CallContext): Answer {
  const host = find(context);
  if (host === undefined) return notFound('host', context.inPath.id ?? '');
  const at = viewTime(host.createdAtMs);
  return listAnswer(
    context,
    {
      rows: classRows(host),
      fields: { known: ['name'], byDefault: ['name'] },
      valueOf: (one) => () => one.name,
      present: (one) => one,
      createPermission: 'create_puppetclasses',
    },
    (page) => {
      const modules: Record<string, object[]> = {};
      for (const { id, name, module_name } of page) {
        modules[module_name] ??= [];
        modules[module_name].push({ id, name, created_at: at, updated_at: at });
      }
      return modules;
    },
  );
}

function listPlaces(
  kind: 'organizations' | 'locations',
  ids: 'organizationIds' | 'locationIds',
): Call['answer'] {
  return (context) => {
    const { foreman, user } = context;
    return listAnswer<Place>(context, {
      rows: [...foreman[kind].values()].filter((place) => user.admin || user[ids].includes(place.id)),
      fields: { known: ['id', 'name'], byDefault: ['name'] },
      valueOf: (place) => (field) => (field === 'id' ? String(place.id) : place.name),
      present: ({ id, name, parentId }) => ({
        id,
        name,
        title: name,
        parent_id: parentId ?? null,
        description: null,
      }),
      createPermission: `create_${kind}`,
    });
  };
}

export function hostCalls(): Call[] {
  const resource = 'hosts';
  const gate = (permission: string) => () => [permission];
  const sub = (path: string, permission: string, answer: Call['answer']): Call => ({
    method: 'GET',
    path: `/hosts/:id/${path}`,
    resource: path === 'facts' ? 'fact_values' : path,
    action: 'index',
    needs: gate(permission),
    answer,
  });
  return [
    { method: 'GET', path: '/hosts', resource, action: 'index', needs: gate('view_hosts'), answer: list },
    { method: 'GET', path: '/hosts/:id', resource, action: 'show', needs: gate('view_hosts'), answer: show },
    sub('facts', 'view_facts', facts),
    sub('parameters', 'view_params', parameters),
    sub('puppetclasses', 'view_puppetclasses', puppetClasses),
    {
      method: 'GET',
      path: '/organizations',
      resource: 'organizations',
      action: 'index',
      needs: gate('view_organizations'),
      answer: listPlaces('organizations', 'organizationIds'),
    },
    {
      method: 'GET',
      path: '/locations',
      resource: 'locations',
      action: 'index',
      needs: gate('view_locations'),
      answer: listPlaces('locations', 'locationIds'),
    },
  ];
}
