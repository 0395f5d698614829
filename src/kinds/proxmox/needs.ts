/** What of a server decides which privileges a call needs. */
export interface ServerRights {
  /** 7, 8, 9, ... */
  readonly major: number;
  /** Every privilege this server knows: the content of its role Administrator. */
  readonly known: ReadonlySet<string>;
}

/** What a task touches. An absent part means "any of them", judged at the parent path. */
export interface TaskTarget {
  readonly template?: number;
  readonly newGuest?: number;
  readonly storage?: string;
  readonly bridge?: string;
  readonly pool?: string;
  readonly node?: string;
}

interface Need {
  /** Holding one of these suffices; the first that the server knows is what a recipe grants. */
  readonly anyOf: readonly string[];
  /** Holding it at one of these paths suffices. */
  readonly at: (target: TaskTarget) => readonly string[];
  /** Releases that ask for it. */
  readonly since?: number;
  readonly until?: number;
}

const template = (t: TaskTarget) => [t.template === undefined ? '/vms' : `/vms/${t.template}`];
const newGuest = (t: TaskTarget) => [
  t.newGuest === undefined ? '/vms' : `/vms/${t.newGuest}`,
  ...(t.pool === undefined ? [] : [`/pool/${t.pool}`]),
];
const storage = (t: TaskTarget) => [t.storage === undefined ? '/storage' : `/storage/${t.storage}`];
const bridge = (t: TaskTarget) => [
  t.bridge === undefined ? '/sdn/zones/localnetwork' : `/sdn/zones/localnetwork/${t.bridge}`,
];
const node = (t: TaskTarget) => [t.node === undefined ? '/nodes' : `/nodes/${t.node}`];

/**
 * Privileges per call, as the server's own checks ask for them (API description of the releases 7.4, 8.4 and
 * 9.2, and qemu-server's checks on single options).
 */
const CALLS = {
  'see guests': [{ anyOf: ['VM.Audit'], at: () => ['/vms'] }],
  'see the template': [{ anyOf: ['VM.Audit'], at: template }],
  'see storage': [{ anyOf: ['Datastore.Audit', 'Datastore.AllocateSpace'], at: storage }],
  'see load and tasks of nodes': [{ anyOf: ['Sys.Audit'], at: node }],
  'see bridges': [{ anyOf: ['SDN.Audit', 'SDN.Use'], at: bridge, since: 8 }],
  'see pools': [{ anyOf: ['Pool.Audit', 'Pool.Allocate'], at: () => ['/pool'] }],
  clone: [
    { anyOf: ['VM.Clone'], at: template },
    { anyOf: ['VM.Allocate'], at: newGuest },
  ],
  'clone disks': [{ anyOf: ['Datastore.AllocateSpace'], at: storage }],
  'use the bridge': [{ anyOf: ['SDN.Use'], at: bridge, since: 8 }],
  'set cores': [{ anyOf: ['VM.Config.CPU'], at: newGuest }],
  'set memory': [{ anyOf: ['VM.Config.Memory'], at: newGuest }],
  'set network': [{ anyOf: ['VM.Config.Network'], at: newGuest }],
  'set name, agent and tags': [{ anyOf: ['VM.Config.Options'], at: newGuest }],
  'set cloud-init': [
    { anyOf: ['VM.Config.Cloudinit', 'VM.Config.Network'], at: newGuest },
    { anyOf: ['VM.Config.Network'], at: newGuest, until: 7 },
  ],
  'add a cloud-init drive': [
    { anyOf: ['VM.Config.Cloudinit'], at: newGuest },
    { anyOf: ['VM.Config.CDROM'], at: newGuest },
  ],
  'set hardware': [{ anyOf: ['VM.Config.HWType'], at: newGuest }],
  'resize the disk': [
    { anyOf: ['VM.Config.Disk'], at: newGuest },
    { anyOf: ['Datastore.AllocateSpace'], at: storage },
  ],
  'start and stop': [{ anyOf: ['VM.PowerMgmt'], at: newGuest }],
  'read the guest address': [
    { anyOf: ['VM.GuestAgent.Audit', 'VM.GuestAgent.Unrestricted', 'VM.Monitor'], at: newGuest },
  ],
  // Monitor would open the whole machine to a reader, so older releases go without addresses.
  'read guest addresses': [{ anyOf: ['VM.GuestAgent.Audit'], at: () => ['/vms'] }],
  delete: [{ anyOf: ['VM.Allocate'], at: newGuest }],
  'upload snippets and images': [{ anyOf: ['Datastore.AllocateTemplate'], at: storage }],
} satisfies Record<string, readonly Need[]>;

export type CallName = keyof typeof CALLS;

const CLONE_AND_RUN: readonly CallName[] = [
  'see the template',
  'see storage',
  'clone',
  'clone disks',
  'use the bridge',
  'set cores',
  'set memory',
  'set network',
  'set name, agent and tags',
  'set cloud-init',
  'resize the disk',
  'start and stop',
  'read the guest address',
  'delete',
];

export interface Recipe {
  readonly description: string;
  readonly role: string;
  readonly calls: readonly CallName[];
}

/** Tasks that people set a connection up for. */
export const RECIPES = {
  inventory: {
    description: 'Read-only inventory: guests, storage, nodes, bridges, pools',
    role: 'TesseraInventory',
    calls: [
      'see guests',
      'see storage',
      'see load and tasks of nodes',
      'see bridges',
      'see pools',
      'read guest addresses',
    ],
  },
  'clone-vm': {
    description: 'Clone templates, configure, run and delete guests',
    role: 'TesseraVM',
    calls: CLONE_AND_RUN,
  },
  terraform: {
    description: 'Everything the bpg provider does with guests cloned from templates',
    role: 'TesseraTerraform',
    calls: [
      ...CLONE_AND_RUN,
      'set hardware',
      'add a cloud-init drive',
      'upload snippets and images',
      'see load and tasks of nodes',
    ],
  },
} as const satisfies Record<string, Recipe>;

export type TaskName = keyof typeof RECIPES;

export const isTask = (name: string): name is TaskName => Object.hasOwn(RECIPES, name);

/** One privilege need of a task on a given server. */
export interface TaskNeed {
  readonly step: CallName;
  readonly anyOf: readonly string[];
  readonly paths: readonly string[];
}

/**
 * What a task needs on this server: privileges it does not know drop out, so that the same table serves
 * releases that renamed them.
 */
export function needsOf(task: TaskName, target: TaskTarget, server: ServerRights): TaskNeed[] {
  return RECIPES[task].calls.flatMap((step) =>
    (CALLS[step] as readonly Need[]).flatMap((need) => {
      if (server.major < (need.since ?? 0) || server.major > (need.until ?? 99)) return [];
      const anyOf = need.anyOf.filter((privilege) => server.known.has(privilege));
      return anyOf.length === 0 ? [] : [{ step, anyOf, paths: need.at(target) }];
    }),
  );
}

/** The least role for a task: one privilege per need, none where an earlier one already serves. Sorted. */
export function rolePrivileges(needs: readonly TaskNeed[]): string[] {
  const chosen = new Set<string>();
  const single = needs.filter((need) => need.anyOf.length === 1);
  for (const need of [...single, ...needs]) {
    const [first] = need.anyOf;
    if (first !== undefined && !need.anyOf.some((privilege) => chosen.has(privilege))) chosen.add(first);
  }
  return [...chosen].sort();
}

/** Where a role for a task is granted: the branch of each need, or its exact object where that is named. */
export function grantPaths(needs: readonly TaskNeed[]): string[] {
  const paths = new Set<string>();
  for (const need of needs) {
    // A pool as alternative to single ids of guests: the pool then covers what is cloned into it.
    const [path] = need.paths.length > 1 ? need.paths.slice(1) : need.paths;
    if (path !== undefined) paths.add(path);
  }
  return [...paths].filter((path) => ![...paths].some((above) => path.startsWith(`${above}/`))).sort();
}
