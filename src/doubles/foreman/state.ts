import type { Clock } from '../../base/clock.ts';

export interface Place {
  readonly id: number;
  readonly name: string;
  readonly parentId?: number;
}

export interface Role {
  readonly id: number;
  readonly name: string;
  readonly permissions: ReadonlySet<string>;
  /** Narrows the hosts that the role shows, in search syntax. */
  readonly hostSearch?: string;
}

export interface User {
  readonly id: number;
  readonly login: string;
  password: string;
  readonly firstname: string;
  readonly lastname: string;
  readonly mail: string;
  readonly admin: boolean;
  /** Built-in accounts that no list shows and no login accepts. */
  readonly hidden: boolean;
  readonly roleIds: readonly number[];
  organizationIds: readonly number[];
  locationIds: readonly number[];
  readonly createdAtMs: number;
}

export interface AccessToken {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  readonly secret: string;
  /** Epoch milliseconds; null: never. */
  readonly expiresAtMs: number | null;
  revoked: boolean;
  readonly createdAtMs: number;
  updatedAtMs: number;
}

export interface Host {
  readonly id: number;
  readonly name: string;
  readonly ip: string;
  readonly mac: string;
  readonly uuid: string;
  readonly hostgroup: string;
  readonly model: string;
  readonly operatingsystem: string;
  readonly environment: string;
  readonly domain: string;
  readonly computeResourceId: number | null;
  readonly organizationId: number;
  readonly locationId: number;
  readonly build: boolean;
  /** Present while in build: a secret that every reader receives. */
  readonly provisioningToken: string | null;
  readonly globalStatus: 0 | 1 | 2;
  readonly facts: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  /** Full names; the module is what stands before the first `::`. */
  readonly puppetClasses: readonly string[];
  readonly createdAtMs: number;
}

export interface ComputeResource {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly provider: 'Libvirt' | 'Vmware' | 'Ovirt';
  readonly providerFriendlyName: string;
  readonly url: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly organizationIds: readonly number[];
  readonly locationIds: readonly number[];
  readonly createdAtMs: number;
}

export interface Session {
  readonly userId: number;
  lastUsedMs: number;
}

export interface Foreman {
  readonly clock: Clock;
  random(bytes: number): Buffer;
  readonly faults: Set<string>;
  readonly users: Map<number, User>;
  readonly roles: Map<number, Role>;
  readonly tokens: Map<number, AccessToken>;
  readonly hosts: Map<number, Host>;
  readonly computeResources: Map<number, ComputeResource>;
  readonly organizations: Map<number, Place>;
  readonly locations: Map<number, Place>;
  readonly sessions: Map<string, Session>;
  /** Failed logins per address. */
  readonly failures: Map<string, { count: number; endsMs: number }>;
  /** Sessions are marked for encrypted connections only. */
  readonly secureCookies: boolean;
}

/** As the rendered views show times; the user's time zone is never set here. */
export const viewTime = (ms: number | null): string | null =>
  ms === null ? null : `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export const permissionsOf = (foreman: Foreman, user: User): ReadonlySet<string> =>
  new Set(user.roleIds.flatMap((id) => [...(foreman.roles.get(id)?.permissions ?? [])]));

/** The places a user belongs to, and all below them. */
export function withChildren(places: ReadonlyMap<number, Place>, ids: readonly number[]): Set<number> {
  const reached = new Set(ids);
  for (let grew = true; grew; ) {
    grew = false;
    for (const place of places.values())
      if (place.parentId !== undefined && reached.has(place.parentId) && !reached.has(place.id)) {
        reached.add(place.id);
        grew = true;
      }
  }
  return reached;
}
