const open: { close(): unknown }[] = [];

/** Closes everything that was left for later, newest first; call it in afterEach or afterAll. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).reverse()) await each.close();
}

export function later<T extends { close(): unknown }>(thing: T): T {
  open.push(thing);
  return thing;
}
