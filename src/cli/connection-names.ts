import { type Tessera, TesseraError } from '../client/index.ts';

/** What people call the connections with these ids. Whoever may not see connections is shown the ids. */
export async function connectionNames(tessera: Tessera): Promise<(id: string) => string> {
  const names = new Map<string, string>();
  try {
    for (const { id, name } of (await tessera.connections.list()).items) names.set(id, name);
  } catch (error) {
    if (!(error instanceof TesseraError && error.code === 'insufficient_scope')) throw error;
  }
  return (id) => names.get(id) ?? id;
}
