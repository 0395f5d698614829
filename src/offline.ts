import { mkdir } from 'node:fs/promises';
import { type Clock, systemClock } from './base/clock.ts';
import { fault } from './base/fault.ts';
import { err, ok, type Result } from './base/result.ts';
import { findMasterKeys } from './config/master-key.ts';
import { readSettings, type ServeFlags, type SettingFault, type Settings } from './config/settings.ts';
import { emptyKeyring, type Keyring, keyringOf, parseKeyText } from './crypto/keyring.ts';
import { systemRandom } from './crypto/random.ts';
import { createSealer } from './crypto/seal.ts';
import { fileAnchor } from './storage/anchor.ts';
import { auditReads } from './storage/audit.ts';
import { createBackup } from './storage/backup/create.ts';
import type { BackupHeader } from './storage/backup/format.ts';
import { type Restored, restoreBackup } from './storage/backup/restore.ts';
import { type BackupCheck, verifyBackup } from './storage/backup/verify.ts';
import { type Database, openDatabase } from './storage/open.ts';

/** What is done to the database directly, with the server running or not. */

/** Settings from flags and environment, as the server reads them; every one that does not parse is listed. */
export const offlineSettings = (
  flags: ServeFlags,
  environment: Readonly<Record<string, string | undefined>>,
): { ok: true; value: Settings } | { ok: false; error: SettingFault[] } => readSettings(flags, environment);

/** Writes a consistent copy to `file`, which must not exist. The server may go on running. */
export async function backupCreate(
  settings: Settings,
  file: string,
  clock: Clock = systemClock,
): Promise<Result<BackupHeader>> {
  return withDatabase(settings, async ({ db, engine }) => {
    const tables = await db.introspection.getTables();
    if (!tables.some((table) => table.name === 'principals'))
      return err(fault('not_found', 'There is no database of Tessera here.', { fix: 'Check --data-dir.' }));
    return createBackup(db, engine, file, clock);
  });
}

/** Looks whether the copy is whole, unchanged, and can be opened with the master keys at hand. */
export async function backupVerify(settings: Settings, file: string): Promise<Result<BackupCheck>> {
  const keyring = await keyringAtHand(settings);
  return keyring.ok ? verifyBackup(file, keyring.value, createSealer(keyring.value, systemRandom)) : keyring;
}

/** Verifies the copy and puts it into an empty database. Anything wrong with it (`conflict`) and nothing is written. */
export async function backupRestore(
  settings: Settings,
  file: string,
): Promise<Result<Restored & { readonly check: BackupCheck }>> {
  const check = await backupVerify(settings, file);
  if (!check.ok) return check;
  if (!check.value.intact)
    return err(
      fault('conflict', `The backup is not in order: ${check.value.faults.join(' ')}`, {
        fix:
          check.value.missingKeys.length > 0
            ? 'Put the key file of that time in place first (TESSERA_MASTER_KEY_FILE).'
            : 'Take another copy of it.',
      }),
    );
  await mkdir(settings.config.dataDir, { recursive: true, mode: 0o700 });
  return withDatabase(settings, async ({ db, engine }) => {
    const restored = await restoreBackup(db, engine, file, check.value.header);
    if (restored.ok) await noteTrail(db, settings.config.dataDir);
    return restored.ok ? ok({ ...restored.value, check: check.value }) : restored;
  });
}

/** In a folder that knows nothing of the trail yet, its note begins with what was restored. */
async function noteTrail(db: Database['db'], folder: string): Promise<void> {
  const anchor = fileAnchor(folder);
  const head = await auditReads(db).head();
  if (head !== null && (await anchor.read()).state === 'absent') await anchor.write(head);
}

async function withDatabase<T>(
  { config, secrets }: Settings,
  work: (database: Database) => Promise<Result<T>>,
): Promise<Result<T>> {
  const opened = await openDatabase(
    secrets.databaseUrl === null
      ? { engine: 'sqlite', folder: config.dataDir }
      : { engine: 'postgres', url: secrets.databaseUrl },
  );
  if (!opened.ok) return opened;
  try {
    return await work(opened.value);
  } finally {
    await opened.value.close();
  }
}

async function keyringAtHand({ config, secrets }: Settings): Promise<Result<Keyring>> {
  const found = await findMasterKeys(config.masterKeyFile, secrets.masterKeys);
  if (found.state === 'absent') return ok(emptyKeyring);
  if (found.state === 'refused') return err(fault('unavailable', found.message, { fix: found.fix }));
  const keys = parseKeyText(found.text);
  return keys === null
    ? err(fault('unavailable', `${found.from} holds no master keys.`))
    : ok(keyringOf(keys));
}
