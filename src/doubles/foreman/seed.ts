import type { Clock } from '../../base/clock.ts';
import type { ComputeResource, Foreman, Host, Role, User } from './state.ts';

export interface ForemanLogin {
  readonly login: string;
  readonly password: string;
}

export interface ForemanToken {
  readonly id: number;
  readonly userId: number;
  readonly login: string;
  readonly name: string;
  readonly token: string;
  /** `login:token`, as integrations ask for it. */
  readonly pair: string;
}

/** Every login the seeded Foreman knows, by what it is good for. */
export interface ForemanCredentials {
  readonly administrator: ForemanLogin;
  /** Holds the default role only: every inventory call is 403. */
  readonly reader: ForemanLogin;
  /** Sees hosts and compute resources of its organisation; makes tokens for itself. */
  readonly inventory: ForemanLogin;
  /** Holds the same role and belongs to no organisation: its lists are empty. */
  readonly stranger: ForemanLogin;
  readonly adminToken: ForemanToken;
  readonly readerToken: ForemanToken;
  readonly inventoryToken: ForemanToken;
  readonly strangerToken: ForemanToken;
  readonly expiredToken: ForemanToken;
  readonly revokedToken: ForemanToken;
}

export interface ForemanSeed {
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly faults: Set<string>;
  readonly secureCookies: boolean;
  readonly hosts: number;
}

const START = Date.UTC(2019, 10, 17, 8, 45, 43);
const INVENTORY = [
  ...['view_hosts', 'view_compute_resources', 'view_facts', 'view_params', 'view_puppetclasses'],
  ...['view_organizations', 'view_locations'],
  ...['create_personal_access_tokens', 'view_personal_access_tokens', 'view_users'],
];

function seedPlaces(foreman: Foreman): void {
  foreman.organizations.set(1, { id: 1, name: 'Default Organization' });
  foreman.organizations.set(2, { id: 2, name: 'Research' });
  foreman.organizations.set(3, { id: 3, name: 'Laboratory', parentId: 1 });
  foreman.locations.set(4, { id: 4, name: 'Default Location' });
  foreman.locations.set(5, { id: 5, name: 'Annex' });
  const role = (id: number, name: string, permissions: readonly string[], hostSearch?: string): Role => ({
    id,
    name,
    permissions: new Set(permissions),
    ...(hostSearch === undefined ? {} : { hostSearch }),
  });
  for (const one of [
    role(1, 'Default role', ['view_bookmarks', 'view_tasks']),
    role(2, 'Inventory', INVENTORY),
    role(3, 'Web hosts', ['view_hosts'], 'hostgroup = web'),
  ])
    foreman.roles.set(one.id, one);
}

function seedUsers(foreman: Foreman): void {
  const add = (id: number, login: string, more: Partial<User> = {}): void => {
    foreman.users.set(id, {
      id,
      login,
      password: 'changeme',
      firstname: login[0]?.toUpperCase() + login.slice(1),
      lastname: 'User',
      mail: `${login}@lab.example`,
      admin: false,
      hidden: false,
      roleIds: [1],
      organizationIds: [1],
      locationIds: [4],
      createdAtMs: START,
      ...more,
    });
  };
  add(1, 'foreman_admin', { hidden: true, admin: true });
  add(4, 'admin', { admin: true });
  add(5, 'reader');
  add(6, 'inventory', { roleIds: [1, 2] });
  add(7, 'stranger', { roleIds: [1, 2], organizationIds: [], locationIds: [] });
  add(8, 'web.master', { roleIds: [1, 3] });
}

function seedResources(foreman: Foreman): void {
  const add = (id: number, name: string, more: Partial<ComputeResource>): void => {
    foreman.computeResources.set(id, {
      id,
      name,
      description: '',
      provider: 'Libvirt',
      providerFriendlyName: 'Libvirt',
      url: null,
      details: {},
      organizationIds: [1],
      locationIds: [4],
      createdAtMs: START,
      ...more,
    });
  };
  add(1, 'kvm-lab', {
    url: 'qemu+ssh://root@kvm.lab.example/system',
    details: { display_type: 'VNC', set_console_password: true },
  });
  add(2, 'vcenter', {
    provider: 'Vmware',
    providerFriendlyName: 'VMware',
    details: {
      user: 'svc-foreman',
      datacenter: 'lab',
      server: 'vcenter.lab.example',
      set_console_password: false,
      caching_enabled: true,
      display_type: 'VMRC',
    },
  });
  add(3, 'rhv-research', {
    provider: 'Ovirt',
    providerFriendlyName: 'oVirt',
    url: 'https://rhv.lab.example/ovirt-engine/api',
    details: { user: 'admin@internal', datacenter: 'research', use_v4: true, display_type: 'VNC' },
    organizationIds: [2],
    locationIds: [5],
  });
}

function seedHost(foreman: Foreman, index: number): Host {
  const group = ['web', 'database', 'compute'][index % 3] ?? 'web';
  const number = String(index + 1).padStart(3, '0');
  const hex = (index + 1).toString(16).padStart(6, '0');
  const research = index % 4 === 3;
  const building = index % 5 === 4;
  return {
    id: index + 1,
    name: `${group}-${number}.lab.example`,
    ip: `10.20.${Math.floor(index / 250) % 250}.${(index % 250) + 2}`,
    mac: `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`,
    uuid: `00000000-0000-4000-8000-${hex.padStart(12, '0')}`,
    hostgroup: group,
    model: index % 2 === 0 ? 'KVM' : 'PowerEdge R640',
    operatingsystem: 'Ubuntu 22.04',
    environment: 'production',
    domain: 'lab.example',
    computeResourceId: research ? 3 : (index % 2) + 1,
    organizationId: research ? 2 : index % 6 === 2 ? 3 : 1,
    locationId: research ? 5 : 4,
    build: building,
    provisioningToken: building ? foreman.random(18).toString('hex') : null,
    globalStatus: (index % 7 === 6 ? 2 : index % 5 === 3 ? 1 : 0) as Host['globalStatus'],
    facts: { kernel: 'Linux', operatingsystem: 'Ubuntu', processorcount: String((index % 8) + 1) },
    parameters: { rack: `r${(index % 10) + 1}` },
    puppetClasses: group === 'web' ? ['apache', 'apache::mod::ssl', 'ntp'] : ['ntp'],
    createdAtMs: START + index * 60_000,
  };
}

function addToken(
  foreman: Foreman,
  userId: number,
  name: string,
  expiresAtMs: number | null,
  revoked = false,
): ForemanToken {
  const id = foreman.tokens.size + 1;
  const secret = foreman.random(16).toString('base64url');
  const made = { id, userId, name, secret, expiresAtMs, revoked, createdAtMs: START, updatedAtMs: START };
  foreman.tokens.set(id, made);
  const login = foreman.users.get(userId)?.login ?? '';
  return { id, userId, login, name, token: secret, pair: `${login}:${secret}` };
}

/** Users with and without rights, hosts and compute resources in two organisations, tokens dead and alive. */
export function seedForeman(seed: ForemanSeed): { foreman: Foreman; credentials: ForemanCredentials } {
  const foreman: Foreman = {
    clock: seed.clock,
    random: seed.random,
    faults: seed.faults,
    secureCookies: seed.secureCookies,
    users: new Map(),
    roles: new Map(),
    tokens: new Map(),
    hosts: new Map(),
    computeResources: new Map(),
    organizations: new Map(),
    locations: new Map(),
    sessions: new Map(),
    failures: new Map(),
  };
  seedPlaces(foreman);
  seedUsers(foreman);
  seedResources(foreman);
  for (let index = 0; index < seed.hosts; index += 1) {
    const host = seedHost(foreman, index);
    foreman.hosts.set(host.id, host);
  }
  const login = (name: string): ForemanLogin => ({ login: name, password: 'changeme' });
  return {
    foreman,
    credentials: {
      administrator: login('admin'),
      reader: login('reader'),
      inventory: login('inventory'),
      stranger: login('stranger'),
      adminToken: addToken(foreman, 4, 'integration', null),
      readerToken: addToken(foreman, 5, 'reading', null),
      inventoryToken: addToken(foreman, 6, 'inventory', null),
      strangerToken: addToken(foreman, 7, 'inventory', null),
      expiredToken: addToken(foreman, 6, 'ended', START),
      revokedToken: addToken(foreman, 6, 'withdrawn', null, true),
    },
  };
}
