import { ok, type Result } from '../../base/result.ts';
import { badParameters, died, type Refusal } from './refusal.ts';
import type { Cluster, Storage } from './state.ts';

/** The fault STORAGE_BAD switches off the storage that the seeded templates lie on. */
const isDisabled = (cluster: Cluster, storage: Storage): boolean =>
  storage.disabled || (cluster.faults.has('STORAGE_BAD') && storage.name === 'local-lvm');

export const isActive = (cluster: Cluster, storage: Storage): boolean => !isDisabled(cluster, storage);

export const isOnNode = (storage: Storage, node: string): boolean => storage.nodes?.includes(node) ?? true;

/** The storage, if it exists, is switched on and can be reached from the node. */
export function usableStorage(cluster: Cluster, name: string, node: string): Result<Storage, Refusal> {
  const storage = cluster.storages.get(name);
  if (storage === undefined) return died(`storage '${name}' does not exist`);
  if (isDisabled(cluster, storage)) return died(`storage '${name}' is disabled`);
  if (!isOnNode(storage, node)) return died(`storage '${name}' is not available on node '${node}'`);
  return ok(storage);
}

/** As above, and made for disks of virtual machines. */
export function imageStorage(cluster: Cluster, name: string, node: string): Result<Storage, Refusal> {
  const storage = usableStorage(cluster, name, node);
  if (!storage.ok || storage.value.content.includes('images')) return storage;
  return badParameters({ storage: `storage '${name}' does not support vm images` });
}

/** Books bytes on a storage; gives the error text when they do not fit. Negative ones are given back. */
export function bookSpace(cluster: Cluster, name: string, bytes: number): string | undefined {
  const storage = cluster.storages.get(name);
  if (storage === undefined) return `storage '${name}' does not exist`;
  if (storage.used + bytes > storage.total)
    return `unable to create image: no space left on storage '${name}'`;
  storage.used = Math.max(0, storage.used + bytes);
  return undefined;
}
