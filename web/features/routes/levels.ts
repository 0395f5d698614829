import type { Route } from '../../../src/wire/routes.ts';

export type Kind = Route['kind'];
export type Level = keyof NonNullable<Route['levels']>;

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  proxmox: 'Proxmox VE',
  foreman: 'Foreman',
  osmo: 'OSMO',
  gafaelfawr: 'Gafaelfawr',
  http: 'a web service',
};

/** What the presets of a kind let a level do, in words; levels that a kind does not use are left out. */
const WORDS: Readonly<Record<Kind, Partial<Record<Level, string>>>> = {
  proxmox: {
    read: 'see nodes, machines, storage and tasks',
    power: 'start, stop and reset machines and containers',
    configure: 'create, change and delete machines, containers, uploads, backups and pools',
    all: 'everything else, such as storage, firewall and cluster settings',
  },
  foreman: {
    read: 'see hosts, compute resources and everything else that has no secret in it',
    power: 'switch hosts on and off, and choose what they boot from',
    configure: 'create, change and delete hosts and host groups',
    all: 'everything else',
  },
  osmo: { read: 'read', all: 'change' },
  gafaelfawr: { read: 'read', all: 'change, except tokens' },
  http: { read: 'read (GET and HEAD)', all: 'call with any method' },
};

/** What nobody may do over a route of this kind, whatever they hold. */
export const NEVER: Readonly<Partial<Record<Kind, string>>> = {
  proxmox:
    'Tickets, passwords, tokens, rights, consoles, and commands in guests or on nodes: they escape the route.',
  foreman:
    'Tokens, users, roles, settings, and the rendered files of hosts: they hold secrets or escape the route.',
  gafaelfawr: 'Making and changing tokens, and signing in.',
  osmo: 'Signing in, and everything about tokens.',
};

const ORDER: readonly Level[] = ['read', 'power', 'configure', 'all'];

/** The levels a kind has, from the least to the most, each with its meaning. */
export const levelsOf = (kind: Kind): { level: Level; words: string }[] =>
  ORDER.flatMap((level) => {
    const words = WORDS[kind][level];
    return words === undefined ? [] : [{ level, words }];
  });
