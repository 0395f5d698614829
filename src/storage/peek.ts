import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { openDatabase, SQLITE_FILE } from './open.ts';
import { hasSealedValues } from './sealed-values.ts';

/** Whether the database there holds sealed values, without changing it; false when there is none yet. */
export async function holdsSealedValues(folder: string, url: Secret | null): Promise<Result<boolean>> {
  if (url === null) {
    const exists = await access(join(folder, SQLITE_FILE)).then(
      () => true,
      () => false,
    );
    if (!exists) return ok(false);
  }
  const opened = await openDatabase(
    url === null ? { engine: 'sqlite', folder } : { engine: 'postgres', url },
  );
  if (!opened.ok) return opened;
  try {
    const tables = await opened.value.db.introspection.getTables();
    if (!tables.some((table) => table.name === 'sealed_values')) return ok(false);
    return ok(await hasSealedValues(opened.value.db));
  } finally {
    await opened.value.close();
  }
}
