import type { Edition } from '../editions.ts';

const NAMES = (group: string, names: string): string[] => names.split(' ').map((name) => `${group}.${name}`);

const VM_ALWAYS = NAMES(
  'VM',
  'Allocate Audit Backup Clone Config.CDROM Config.CPU Config.Cloudinit Config.Disk Config.HWType Config.Memory Config.Network Config.Options Console Migrate PowerMgmt Snapshot Snapshot.Rollback',
);
const GUEST_AGENT = NAMES('VM.GuestAgent', 'Audit FileRead FileSystemMgmt FileWrite');
const DATASTORE = NAMES('Datastore', 'Allocate AllocateSpace AllocateTemplate Audit');
const SDN = NAMES('SDN', 'Allocate Audit Use');
const POOL = NAMES('Pool', 'Allocate Audit');
const MAPPING = NAMES('Mapping', 'Audit Modify Use');
const USER_ADMIN = ['User.Modify', 'Group.Allocate', 'Realm.AllocateUser'];
const SYS_AUDITOR = ['Sys.Audit', 'Sys.Console', 'Sys.Syslog'];
const SYS_ROOT = ['Sys.Modify', 'Sys.PowerMgmt', 'Sys.Incoming', 'Realm.Allocate'];

function vmPrivileges(edition: Edition): string[] {
  return edition.guestAgentPrivileges
    ? [...VM_ALWAYS, ...GUEST_AGENT, 'VM.GuestAgent.Unrestricted', 'VM.Replicate']
    : [...VM_ALWAYS, 'VM.Monitor'];
}

/** Every privilege this release knows: 38 in 7.4, 42 in 8, 47 in 9. */
export function knownPrivileges(edition: Edition): ReadonlySet<string> {
  return new Set([
    ...vmPrivileges(edition),
    ...DATASTORE,
    ...SDN,
    ...POOL,
    ...USER_ADMIN,
    ...SYS_AUDITOR,
    ...SYS_ROOT,
    'Permissions.Modify',
    ...(edition.mappingPrivileges ? [...MAPPING, 'Sys.AccessNetwork'] : []),
  ]);
}

/** The roles that cannot be changed, with what each holds on this release. */
export function builtInRoles(edition: Edition): Map<string, ReadonlySet<string>> {
  const known = knownPrivileges(edition);
  const withheld = new Set([
    ...SYS_ROOT,
    ...(edition.adminRoleMayGrant ? [] : ['Permissions.Modify', 'Sys.AccessNetwork', 'Mapping.Modify']),
  ]);
  const user = [
    'VM.Audit',
    'VM.Backup',
    'VM.Config.CDROM',
    'VM.Config.Cloudinit',
    'VM.Console',
    'VM.PowerMgmt',
  ];
  const roles: [string, Iterable<string>][] = [
    ['Administrator', known],
    ['NoAccess', []],
    ['PVEAdmin', [...known].filter((name) => !withheld.has(name))],
    ['PVEVMAdmin', vmPrivileges(edition)],
    ['PVEVMUser', edition.guestAgentPrivileges ? [...user, ...GUEST_AGENT] : user],
    ['PVETemplateUser', ['VM.Audit', 'VM.Clone']],
    [
      'PVEAuditor',
      [
        ...['Datastore.Audit', 'Pool.Audit', 'SDN.Audit', 'Sys.Audit', 'VM.Audit'],
        ...(edition.mappingPrivileges ? ['Mapping.Audit'] : []),
        ...(edition.guestAgentPrivileges ? ['VM.GuestAgent.Audit'] : []),
      ],
    ],
    ['PVEDatastoreAdmin', DATASTORE],
    ['PVEDatastoreUser', ['Datastore.AllocateSpace', 'Datastore.Audit']],
    ['PVESDNAdmin', SDN],
    ['PVESDNUser', ['SDN.Audit', 'SDN.Use']],
    ['PVESysAdmin', [...SYS_AUDITOR, ...(edition.adminRoleMayGrant ? ['Permissions.Modify'] : [])]],
    ['PVEUserAdmin', USER_ADMIN],
    ['PVEPoolAdmin', POOL],
    ['PVEPoolUser', ['Pool.Audit']],
    ...(edition.mappingPrivileges
      ? ([
          ['PVEMappingAdmin', MAPPING],
          ['PVEMappingUser', ['Mapping.Audit', 'Mapping.Use']],
        ] satisfies [string, string[]][])
      : []),
  ];
  return new Map(roles.map(([name, privileges]) => [name, new Set(privileges)]));
}

/** The least role for cloning a template and running the clone, on this release. */
export function cloneAndRunPrivileges(edition: Edition): string[] {
  const agent = edition.guestAgentPrivileges ? ['VM.GuestAgent.Audit'] : ['VM.Monitor'];
  return [
    ...NAMES(
      'VM',
      'Allocate Audit Clone Config.CPU Config.Cloudinit Config.Disk Config.Memory Config.Network Config.Options PowerMgmt',
    ),
    'Datastore.AllocateSpace',
    'Datastore.Audit',
    ...agent,
    ...(edition.sdnOnBridges ? ['SDN.Use'] : []),
  ];
}

/** The privilege that lets one read addresses through the guest agent. */
export const agentReadPrivileges = (edition: Edition): readonly string[] =>
  edition.guestAgentPrivileges ? ['VM.GuestAgent.Audit', 'VM.GuestAgent.Unrestricted'] : ['VM.Monitor'];
