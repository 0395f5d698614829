import { TRANSPORT_FAULTS } from '../transport-faults.ts';
import type { Cluster, Guest } from './state.ts';

/** Takes effect when its fault is switched on; what it returns takes it back. */
type Change = (cluster: Cluster) => () => void;

interface FaultRow {
  readonly what: string;
  /** Absent where other code asks whether the fault is on. */
  readonly change?: Change;
}

const LONG_AGO = 1_577_836_800;
const TEMPLATE = 9000;

function swap<K, V>(map: Map<K, V>, key: K, value: V | undefined): () => void {
  const before = map.get(key);
  const put = (one: V | undefined): void => {
    if (one === undefined) map.delete(key);
    else map.set(key, one);
  };
  put(value);
  return () => put(before);
}

const all =
  (...changes: Change[]): Change =>
  (cluster) => {
    const undo = changes.map((change) => change(cluster));
    return () => {
      for (const one of undo.reverse()) one();
    };
  };

/** Everybody but root@pam, so that an administrator can still look into it. */
const eachUser =
  (change: (id: string) => Change): Change =>
  (cluster) =>
    all(...[...cluster.users.keys()].filter((id) => id !== 'root@pam').map(change))(cluster);

const userField =
  <F extends 'enabled' | 'expire'>(
    id: string,
    field: F,
    value: { enabled: boolean; expire: number }[F],
  ): Change =>
  (cluster) => {
    const user = cluster.users.get(id) as { enabled: boolean; expire: number } | undefined;
    if (user === undefined) return () => undefined;
    const before = user[field];
    (user as Record<F, typeof value>)[field] = value;
    return () => {
      (user as Record<F, typeof value>)[field] = before;
    };
  };

const withoutUser =
  (id: string): Change =>
  (cluster) =>
    swap(cluster.users, id, undefined);

const tokensGone: Change = (cluster) => {
  const undo = [...cluster.users.values()].flatMap((user) =>
    [...user.tokens.keys()].map((name) => swap(user.tokens, name, undefined)),
  );
  return () => {
    for (const one of undo) one();
  };
};

const tokensExpired: Change = (cluster) => {
  const tokens = [...cluster.users.values()].flatMap((user) => [...user.tokens.values()]);
  const before = tokens.map((token) => token.expire);
  for (const token of tokens) token.expire = LONG_AGO;
  return () => {
    for (const [index, token] of tokens.entries()) token.expire = before[index] ?? 0;
  };
};

const withoutPveRealm: Change = (cluster) =>
  all(
    eachUser((id) => (id.endsWith('@pve') ? withoutUser(id) : () => () => undefined)),
    (at) => swap(at.realms, 'pve', undefined),
  )(cluster);

/** The other node answers, so that the first can be away. */
const answeredByOther: Change = (cluster) => {
  const before = cluster.answeringNode;
  cluster.answeringNode = 'pve2';
  return () => {
    cluster.answeringNode = before;
  };
};

const firstNodeOff: Change = (cluster) => {
  const node = cluster.nodes.get('pve');
  if (node !== undefined) node.online = false;
  return () => {
    if (node !== undefined) node.online = true;
  };
};

function renameNode(cluster: Cluster, from: string, to: string): void {
  const node = cluster.nodes.get(from);
  if (node === undefined) return;
  cluster.nodes.delete(from);
  cluster.nodes.set(to, { ...node, name: to });
  for (const guest of cluster.guests.values()) if (guest.node === from) guest.node = to;
  if (cluster.answeringNode === from) cluster.answeringNode = to;
}

const option =
  (name: string, value: string | undefined, vmids: readonly number[] = [TEMPLATE]): Change =>
  (cluster) => {
    const undo = vmids.map((vmid) => swap(cluster.guests.get(vmid)?.config ?? new Map(), name, value));
    return () => {
      for (const one of undo) one();
    };
  };

const withoutTemplate: Change = (cluster) => swap(cluster.guests, TEMPLATE, undefined);

const templateAs =
  (more: Partial<Guest>): Change =>
  (cluster) => {
    const guest = cluster.guests.get(TEMPLATE);
    return guest === undefined ? () => undefined : swap(cluster.guests, TEMPLATE, { ...guest, ...more });
  };

const noTemplates: Change = (cluster) => option('template', undefined, [...cluster.guests.keys()])(cluster);

const ROWS = {
  HTTP_SCHEME: { what: 'the announced address begins with http:// though TLS is spoken' },
  BANNED: { what: 'after three refused logins nothing listens any more' },
  PROXY_BAD: { what: 'a reverse proxy answers 502 with a page' },
  AUTH_STRIPPED: { what: 'credentials get lost on the way' },
  PRODUCT_WRONG: { what: 'another product answers' },
  PATH_DOUBLED: { what: 'the API path arrives twice' },
  WRONG_REALM: { what: 'there is no realm pve', change: withoutPveRealm },
  USER_UNKNOWN: { what: 'no user but root@pam exists', change: eachUser(withoutUser) },
  TOKEN_UNKNOWN: { what: 'all tokens were deleted', change: tokensGone },
  SECRET_WRONG: { what: 'no token has the secret it is called with' },
  USER_DISABLED: {
    what: 'users but root@pam are disabled',
    change: eachUser((id) => userField(id, 'enabled', false)),
  },
  USER_EXPIRED: {
    what: 'users but root@pam have ended',
    change: eachUser((id) => userField(id, 'expire', LONG_AGO)),
  },
  TOKEN_EXPIRED: { what: 'all tokens have ended', change: tokensExpired },
  CLOCK_SERVER: { what: "the server's clock is two hours late" },
  AUTH_OPAQUE: { what: 'tokens are refused without a cause' },
  PASSWORD_BAD: { what: 'every password is refused' },
  TFA_NEEDED: { what: 'every login owes a second factor' },
  PRIVSEP_EMPTY: { what: 'separated tokens have no grants' },
  PRIVSEP_USER: { what: 'grants stand on tokens only, not on their owners' },
  PRIV_MISSING: { what: 'nobody holds VM.Clone and VM.Config.CPU' },
  ROLE_VMADMIN: { what: 'nobody holds anything outside VM.*' },
  ACL_NO_PROPAGATE: { what: 'all grants stand on / and stop there' },
  PRIV_OBSOLETE: { what: 'VM.Monitor is no privilege, as from release 9' },
  ROOT_ONLY: { what: 'every option is for root alone' },
  TOKEN_NO_ROUTE: { what: 'cloning is closed to tokens' },
  NODE_UNKNOWN: {
    what: 'the first node is called pve1',
    change: (cluster) => {
      renameNode(cluster, 'pve', 'pve1');
      return () => renameNode(cluster, 'pve1', 'pve');
    },
  },
  NODE_OFFLINE: { what: 'the node pve is off', change: all(answeredByOther, firstNodeOff) },
  NODE_CERT: { what: "the cluster refuses pve's certificate", change: answeredByOther },
  NO_QUORUM: { what: 'the cluster has no majority and cannot write' },
  TEMPLATES_HIDDEN: { what: 'nobody holds VM.Audit' },
  TEMPLATES_NONE: { what: 'no guest is a template', change: noTemplates },
  TEMPLATE_MISSING: { what: 'guest 9000 does not exist', change: withoutTemplate },
  TEMPLATE_OTHER_NODE: { what: 'guest 9000 lies on pve2', change: templateAs({ node: 'pve2' }) },
  TEMPLATE_NOT: { what: 'guest 9000 is an ordinary one', change: option('template', undefined) },
  TEMPLATE_LXC: { what: 'guest 9000 is a container', change: templateAs({ kind: 'lxc' }) },
  TEMPLATE_WRONG_OS: {
    what: 'guest 9000 is a Windows template',
    change: all(option('name', 'windows-2022'), option('ostype', 'win11')),
  },
  NO_CLOUDINIT: { what: 'guest 9000 has no cloud-init drive', change: option('ide2', undefined) },
  NO_AGENT: { what: 'guest 9000 has the agent off', change: option('agent', undefined) },
  AGENT_DENIED: { what: 'nobody may ask the guest agent' },
  STORAGE_BAD: { what: 'local-lvm is disabled' },
  BRIDGE_BAD: { what: 'vmbr0 does not exist' },
  VMID_TAKEN: { what: 'every id is taken between asking and using it' },
  VM_LOCKED: { what: 'templates are held by another task' },
  NAME_BAD: { what: 'every name for a clone is refused' },
  DISK_SHRINK: {
    what: 'the disk of guest 9000 has 64 GiB',
    change: option('scsi0', `local-lvm:base-${TEMPLATE}-disk-0,size=64G`),
  },
  TASK_FAILED: { what: 'clones fail in their task' },
} satisfies Record<string, FaultRow>;

export type ProxmoxFault = keyof typeof ROWS | keyof typeof TRANSPORT_FAULTS;

/** Every fault this double can show, with what it does. */
export const proxmoxFaults: ReadonlyMap<string, string> = new Map([
  ...Object.entries(TRANSPORT_FAULTS),
  ...Object.entries(ROWS).map(([code, row]): [string, string] => [code, row.what]),
]);

/** Diagnoses that arise on the visitor's side or between the two; no server can show them. */
export const clientSideOnly: readonly string[] = [
  ...['HOST_SHAPE', 'PLACEHOLDER', 'DNS_NOT_FOUND', 'DNS_TEMPORARY', 'DNS_STALE', 'PORT_WRONG'],
  ...['LISTEN_LOCAL', 'TIMEOUT', 'UNREACHABLE', 'ONE_FAMILY', 'PROXY_NEEDED', 'TOKEN_ID_SHAPE'],
  ...['SECRET_SHAPE', 'ENV_PARSE', 'FALLBACK_MYTH', 'METHOD_SURPRISE'],
];

export const isProxmoxFault = (code: string): code is ProxmoxFault => proxmoxFaults.has(code);

/** What the fault changes in the cluster, if it is of that kind. */
export function changeOf(code: ProxmoxFault): Change | undefined {
  const rows: Readonly<Record<string, FaultRow>> = ROWS;
  return rows[code]?.change;
}
