import type { CreateMachine, Job, MachineSettings } from '../../../src/wire/machines.ts';
import { findingOf } from '../../ui/diagnosed-error.tsx';
import { fieldErrors } from '../../ui/field-errors.ts';

/** What is typed into the form, as text; empty: the server's own choice. */
export interface TypedWish {
  readonly name: string;
  readonly version: string;
  readonly connection: string;
  readonly cores: string;
  readonly memory: string;
  readonly disk: string;
  readonly node: string;
  readonly sshKeys: string;
  readonly ip: string;
  readonly gateway: string;
  readonly nameservers: string;
  readonly user: string;
  readonly storage: string;
  readonly bridge: string;
}

export const newestFirst = ({ templates }: MachineSettings): MachineSettings['templates'] =>
  [...templates].sort((one, other) => other.version.localeCompare(one.version));

export const blankWish = (settings: MachineSettings): TypedWish => ({
  name: '',
  version: newestFirst(settings)[0]?.version ?? '',
  connection: '',
  cores: '2',
  memory: '2048',
  disk: '20',
  node: '',
  sshKeys: '',
  ip: '',
  gateway: '',
  nameservers: '',
  user: '',
  storage: '',
  bridge: '',
});

const parts = (text: string, between: RegExp): string[] =>
  text
    .split(between)
    .map((one) => one.trim())
    .filter((one) => one !== '');

export function wishOf(typed: TypedWish): CreateMachine {
  const given = <Key extends string>(key: Key, text: string) =>
    text.trim() === '' ? {} : ({ [key]: text.trim() } as Record<Key, string>);
  const count = <Key extends string>(key: Key, text: string) =>
    text.trim() === '' ? {} : ({ [key]: Number(text) } as Record<Key, number>);
  const keys = parts(typed.sshKeys, /\n/);
  const nameservers = parts(typed.nameservers, /[\s,]+/);
  return {
    name: typed.name.trim(),
    ...given('version', typed.version),
    ...given('connection', typed.connection),
    ...count('cores', typed.cores),
    ...count('memory', typed.memory),
    ...count('disk', typed.disk),
    ...given('node', typed.node),
    ...given('storage', typed.storage),
    ...given('bridge', typed.bridge),
    ...given('user', typed.user),
    ...given('ip', typed.ip),
    ...given('gateway', typed.gateway),
    ...(keys.length === 0 ? {} : { ssh_keys: keys }),
    ...(nameservers.length === 0 ? {} : { nameservers }),
  };
}

/** Which field a finding of the look before is about; what is not named is about the connection as a whole. */
const FIELD_OF: Readonly<Record<string, keyof TypedWish>> = {
  NODE_UNKNOWN: 'node',
  NODE_OFFLINE: 'node',
  TEMPLATE_OTHER_NODE: 'node',
  TEMPLATE_MISSING: 'version',
  TEMPLATE_NOT: 'version',
  TEMPLATE_LXC: 'version',
  TEMPLATE_WRONG_OS: 'version',
  NO_CLOUDINIT: 'version',
  NO_AGENT: 'version',
  STORAGE_BAD: 'storage',
  BRIDGE_BAD: 'bridge',
  DISK_SHRINK: 'disk',
};

/** What is wrong, beside the field that it is about. */
export function wishErrors(error: unknown): Readonly<Partial<Record<string, string>>> {
  const finding = findingOf(error);
  if (finding !== null) return { [FIELD_OF[finding.code] ?? 'connection']: finding.sentence };
  const named = fieldErrors(error);
  const key = Object.keys(named).find((field) => field.startsWith('ssh_keys'));
  const line = key === undefined ? '' : (/\[(\d+)\]/.exec(key)?.[1] ?? '');
  return {
    ...named,
    ...(key === undefined
      ? {}
      : { sshKeys: line === '' ? named[key] : `Line ${Number(line) + 1}: ${named[key]}` }),
  };
}

type Quota = NonNullable<MachineSettings['quota']>;

/** What of the quota is held already by those machines. */
export const heldOf = (jobs: readonly Job[], owner: string): Quota => {
  const own = jobs.filter((job) => job.owner === owner).map(({ machine }) => machine);
  const sum = (of: (machine: Job['machine']) => number) => own.reduce((total, one) => total + of(one), 0);
  return { vms: own.length, cores: sum(({ cores }) => cores), memory: sum(({ memory }) => memory) };
};
