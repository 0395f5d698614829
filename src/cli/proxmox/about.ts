import type { ProxmoxTest } from '../../local/proxmox/test.ts';

/** The head of a test made here: where, by which settings, with what, under which trust. */
export const aboutTest = (test: ProxmoxTest, source: string): (readonly [string, string])[] => [
  ['Proxmox VE', test.place],
  ['Settings', source === '' ? 'command line' : source],
  ['Credential', test.chosen],
  ['Trust', test.trust],
];
