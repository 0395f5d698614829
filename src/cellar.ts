import type { Result } from './base/result.ts';
import { ok } from './base/result.ts';
import { Secret } from './base/secret.ts';
import type { Settings } from './config/settings.ts';
import type { Keyring } from './crypto/keyring.ts';
import { type RandomSource, randomBase62 } from './crypto/random.ts';
import { createSealer, type Sealer } from './crypto/seal.ts';
import { installBuiltins } from './storage/install.ts';
import { migrate } from './storage/migrate.ts';
import { type Database, openDatabase } from './storage/open.ts';
import { sealedValue } from './storage/sealed-values.ts';

/** What every room stands on: the database in its newest form, and the keys that lie sealed in it. */
export interface Cellar {
  readonly database: Database;
  /** Scopes were registered that other processes do not know yet. */
  readonly scopesCame: boolean;
  readonly sealer: Sealer;
  /** A fault while the master key is missing. */
  readonly auditKey: Result<Secret>;
  readonly webhookKey: Result<Secret>;
}

interface Needs {
  readonly settings: Settings;
  readonly keyring: Keyring;
  readonly random: RandomSource;
}

export async function openCellar({ settings, keyring, random }: Needs): Promise<Result<Cellar>> {
  const { config, secrets } = settings;
  const opened = await openDatabase(
    secrets.databaseUrl === null
      ? { engine: 'sqlite', folder: config.dataDir }
      : { engine: 'postgres', url: secrets.databaseUrl },
  );
  if (!opened.ok) return opened;
  const database = opened.value;
  const { db, engine } = database;
  const migrated = await migrate(db, engine);
  if (!migrated.ok) {
    await database.close();
    return migrated;
  }
  const scopesCame = await installBuiltins(db, config.scopes);

  const sealer = createSealer(keyring, random);
  const keyCalled = (name: string): Promise<Result<Secret>> =>
    sealedValue(db, engine, sealer, name, () => new Secret(randomBase62(43, random)));
  const auditKey = await keyCalled('audit-key');
  if (!auditKey.ok && auditKey.error.code !== 'sealed') {
    await database.close();
    return auditKey;
  }
  return ok({ database, scopesCame, sealer, auditKey, webhookKey: await keyCalled('webhook-key') });
}
