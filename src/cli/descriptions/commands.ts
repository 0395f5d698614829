import type { CommandDescription } from '../description.ts';
import { CONNECTION_COMMANDS } from './connections.ts';
import { FOREMAN_COMMANDS } from './foreman.ts';
import { MACHINE_COMMANDS } from './machines.ts';
import { OPERATION_COMMANDS } from './operations.ts';
import { PEOPLE_COMMANDS } from './people.ts';
import { PROXMOX_COMMANDS } from './proxmox.ts';
import { ROUTE_COMMANDS } from './routes.ts';
import { SESSION_COMMANDS } from './sessions.ts';
import { TLS_COMMANDS } from './tls.ts';
import { TOKEN_COMMANDS } from './tokens.ts';

/** Every command there is. */
export const COMMANDS: readonly CommandDescription[] = [
  ...SESSION_COMMANDS,
  ...TOKEN_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...PROXMOX_COMMANDS,
  ...FOREMAN_COMMANDS,
  ...MACHINE_COMMANDS,
  ...ROUTE_COMMANDS,
  ...TLS_COMMANDS,
  ...OPERATION_COMMANDS,
];
