/**
 * The certificate library builds on a container that insists on three functions of the (withdrawn) metadata
 * proposal being present on Reflect when it loads. Nothing of ours uses them; this is their smallest form.
 * Import it before the library.
 */
type Metadata = Map<string, unknown>;

const kept = new WeakMap<object, Metadata>();
const slot = (key: unknown, property?: PropertyKey): string => `${String(key)}\0${String(property ?? '')}`;

function getOwnMetadata(key: unknown, target: object, property?: PropertyKey): unknown {
  return kept.get(target)?.get(slot(key, property));
}

function getMetadata(key: unknown, target: object, property?: PropertyKey): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    const found = getOwnMetadata(key, at, property);
    if (found !== undefined) return found;
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object, property?: PropertyKey): void {
  const metadata = kept.get(target) ?? new Map<string, unknown>();
  kept.set(target, metadata.set(slot(key, property), value));
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata, getOwnMetadata, defineMetadata });
