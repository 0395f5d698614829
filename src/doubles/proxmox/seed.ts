import type { Clock } from '../../base/clock.ts';
import { type Edition, editionOf, type Release } from './editions.ts';
import { builtInRoles, cloneAndRunPrivileges } from './rights/privileges.ts';
import { seedGuests, seedNodes, seedStorages } from './seed-machines.ts';
import { type AclEntry, type Cluster, type Durations, newUuid, type Token, type User } from './state.ts';

export interface PasswordLogin {
  readonly user: string;
  readonly password: string;
}

export interface TokenCredential {
  /** `user@realm!name` */
  readonly tokenid: string;
  readonly user: string;
  readonly name: string;
  readonly secret: string;
  /** `user@realm!name=secret`, as pasted from the web page. */
  readonly full: string;
}

/** Every login the seeded cluster knows, by what it is good for. */
export interface ProxmoxCredentials {
  readonly root: PasswordLogin;
  readonly administrator: PasswordLogin;
  readonly auditor: PasswordLogin;
  readonly maker: PasswordLogin;
  readonly disabled: PasswordLogin;
  readonly secondFactor: PasswordLogin & {
    readonly totpSecret: string;
    readonly recoveryCodes: readonly string[];
  };
  /** Of root@pam, not separated: everything but the root-only calls. */
  readonly rootToken: TokenCredential;
  /** Of root@pam, separated, without a grant. */
  readonly rootSeparatedToken: TokenCredential;
  readonly adminToken: TokenCredential;
  /** Separated, with the least rights that clone a template and run the clone. */
  readonly flowToken: TokenCredential;
  /** Separated, without a grant, of the same owner as the flow token. */
  readonly emptyToken: TokenCredential;
  readonly disabledOwnerToken: TokenCredential;
  readonly expiredOwnerToken: TokenCredential;
  readonly expiredToken: TokenCredential;
  readonly auditorToken: TokenCredential;
  /** Holds the nine privileges that a widespread guide lists; they do not suffice for a clone. */
  readonly nineToken: TokenCredential;
}

export interface SeedOptions {
  readonly release: Release;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly durations: Durations;
  readonly faults: Set<string>;
}

const LONG_AGO = 1_577_836_800;
const TOTP_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const RECOVERY_CODES = ['4a3f-9b21-77c0-1e5d', '0c88-5512-a3de-90b4'];
const FLOW_PATHS = ['/vms', '/storage', '/sdn/zones/localnetwork/vmbr0'];

function ninePrivileges(edition: Edition): string[] {
  const lasting = [
    ...['VM.Allocate', 'VM.Config.Disk', 'VM.Config.Memory', 'VM.Config.Network', 'VM.Config.Options'],
    ...['VM.PowerMgmt', 'Datastore.Allocate', 'SDN.Use'],
  ];
  return edition.guestAgentPrivileges ? lasting : [...lasting, 'VM.Monitor'];
}

function emptyCluster(options: SeedOptions): Cluster {
  const edition = editionOf(options.release);
  const builtIn = builtInRoles(edition);
  return {
    name: 'lab',
    edition,
    clock: options.clock,
    random: options.random,
    ticketKey: options.random(32),
    durations: options.durations,
    faults: options.faults,
    controls: { failures: new Map(), agentSilent: false, reported: null, races: 0, lateTaskReads: 0 },
    answeringNode: 'pve',
    nodes: new Map(),
    realms: new Map([
      ['pam', { type: 'pam', comment: 'Linux PAM standard authentication' }],
      ['pve', { type: 'pve', comment: 'Proxmox VE authentication server' }],
    ]),
    users: new Map(),
    groups: new Map([['operators', { comment: 'people who look after guests' }]]),
    roles: new Map(builtIn),
    builtInRoles: new Set(builtIn.keys()),
    acl: [],
    pools: new Map([['lab', { comment: 'guests of the lab', storages: new Set() }]]),
    storages: new Map(),
    guests: new Map(),
    tasks: new Map(),
    timers: new Set(),
    nextPid: 4096,
  };
}

function addUser(cluster: Cluster, id: string, more: Partial<User> = {}): PasswordLogin {
  const password = `${id.slice(0, id.indexOf('@'))}-${cluster.random(6).toString('hex')}`;
  cluster.users.set(id, {
    id,
    enabled: true,
    expire: 0,
    password,
    groups: new Set(),
    details: new Map(),
    tokens: new Map(),
    recoveryCodes: new Set(),
    ...more,
  });
  return { user: id, password };
}

function addToken(cluster: Cluster, user: string, name: string, more: Partial<Token> = {}): TokenCredential {
  const secret = newUuid(cluster);
  cluster.users.get(user)?.tokens.set(name, { secret, privsep: true, expire: 0, ...more });
  const tokenid = `${user}!${name}`;
  return { tokenid, user, name, secret, full: `${tokenid}=${secret}` };
}

function grant(
  cluster: Cluster,
  type: AclEntry['type'],
  subject: string,
  role: string,
  ...paths: string[]
): void {
  for (const path of paths) cluster.acl.push({ path, type, subject, role, propagate: true });
}

/** A cluster of two nodes with templates, guests, and logins with and without rights. */
export function seedCluster(options: SeedOptions): { cluster: Cluster; credentials: ProxmoxCredentials } {
  const cluster = emptyCluster(options);
  seedNodes(cluster);
  seedStorages(cluster);
  seedGuests(cluster);
  cluster.roles.set('CloneAndRun', new Set(cloneAndRunPrivileges(cluster.edition)));
  cluster.roles.set('TerraformNine', new Set(ninePrivileges(cluster.edition)));

  const root = addUser(cluster, 'root@pam', { details: new Map([['email', 'root@lab.example']]) });
  const administrator = addUser(cluster, 'admin@pve');
  const auditor = addUser(cluster, 'auditor@pve');
  const maker = addUser(cluster, 'maker@pve');
  const disabled = addUser(cluster, 'gone@pve', { enabled: false });
  addUser(cluster, 'left@pve', { expire: LONG_AGO });
  addUser(cluster, 'nine@pve');
  const secondFactor = addUser(cluster, 'twofactor@pve', {
    totpSecret: TOTP_SECRET,
    recoveryCodes: new Set(RECOVERY_CODES),
  });

  const credentials: ProxmoxCredentials = {
    root,
    administrator,
    auditor,
    maker,
    disabled,
    secondFactor: { ...secondFactor, totpSecret: TOTP_SECRET, recoveryCodes: RECOVERY_CODES },
    rootToken: addToken(cluster, 'root@pam', 'glassdome-token', { privsep: false }),
    rootSeparatedToken: addToken(cluster, 'root@pam', 'bare'),
    adminToken: addToken(cluster, 'admin@pve', 'full', { privsep: false }),
    flowToken: addToken(cluster, 'maker@pve', 'flow'),
    emptyToken: addToken(cluster, 'maker@pve', 'empty'),
    disabledOwnerToken: addToken(cluster, 'gone@pve', 'off', { privsep: false }),
    expiredOwnerToken: addToken(cluster, 'left@pve', 'late', { privsep: false }),
    expiredToken: addToken(cluster, 'maker@pve', 'old', { expire: LONG_AGO }),
    auditorToken: addToken(cluster, 'auditor@pve', 'read', { privsep: false }),
    nineToken: addToken(cluster, 'nine@pve', 'terraform'),
  };

  grant(cluster, 'user', 'admin@pve', 'Administrator', '/');
  grant(cluster, 'user', 'auditor@pve', 'PVEAuditor', '/');
  grant(cluster, 'user', 'maker@pve', 'CloneAndRun', ...FLOW_PATHS);
  grant(cluster, 'token', credentials.flowToken.tokenid, 'CloneAndRun', ...FLOW_PATHS);
  grant(cluster, 'user', 'nine@pve', 'TerraformNine', '/');
  grant(cluster, 'token', credentials.nineToken.tokenid, 'TerraformNine', '/');
  return { cluster, credentials };
}
