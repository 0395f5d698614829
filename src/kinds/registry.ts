import { foreman } from './foreman/kind.ts';
import { gafaelfawr } from './gafaelfawr/kind.ts';
import { http } from './http/kind.ts';
import type { Kind, KindName } from './kind.ts';
import { osmo } from './osmo/kind.ts';
import { proxmox } from './proxmox/kind.ts';

/** Every kind of system a connection can lead to. */
export const KINDS: Readonly<Record<KindName, Kind>> = { proxmox, foreman, osmo, gafaelfawr, http };

export const isKind = (name: string): name is KindName => Object.hasOwn(KINDS, name);
