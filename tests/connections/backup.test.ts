import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/config/settings.ts';
import { keyText } from '../../src/crypto/keyring.ts';
import { backupCreate, backupRestore, backupVerify } from '../../src/offline.ts';
import { BACKUP_TABLES, NOT_IN_BACKUP } from '../../src/storage/backup/tables.ts';
import { ENGINES, freshDatabase, openMigrated, type TestDatabase } from '../support/database.ts';
import { over } from '../support/server.ts';
import { type Bench, bench, closeAll, later, proxmox, proxmoxAsPve } from './support.ts';

afterEach(closeAll);

/** The key that test servers run with. */
const KEYS = keyText(new Uint8Array(32).fill(7));

function settingsFor(database: TestDatabase, keys = KEYS) {
  const settings = readSettings(
    { dataDir: database.folder },
    {
      TESSERA_MASTER_KEY: keys,
      ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
    },
  );
  if (!settings.ok) throw new Error(JSON.stringify(settings.error));
  return settings.value;
}

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-backup-'));
  later({ close: () => rm(folder, { recursive: true, force: true }) });
  return join(folder, 'copy.jsonl');
}

async function filled(server: Bench): Promise<{ token: string; secret: string }> {
  const double = await proxmox();
  const { flowToken } = double.credentials;
  await server.api('POST', '/connections', {
    ...proxmoxAsPve(double),
    fallback: { password: 'canary-fallback-password' },
  });
  await server.user('alice', []);
  const minted = await server.api('POST', '/tokens', { name: 'ci' });
  // A child with a parent, whose id may come first.
  await server.call('POST', '/api/v1/tokens', { token: minted.json.token, body: { name: 'grandchild' } });
  return { token: minted.json.token, secret: flowToken.secret };
}

describe.each(ENGINES)('backups on %s', (engine) => {
  test('a backup taken while the server runs is verified and restored on either engine', async () => {
    const server = await bench({ engine });
    const { token, secret } = await filled(server);
    const file = await place();
    const made = await backupCreate(settingsFor(server.database), file);
    expect(made.ok && made.value.rows.connections).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    for (const hidden of [secret, 'canary-fallback-password', token, server.admin])
      expect(text).not.toContain(hidden);
    const again = await backupCreate(settingsFor(server.database), file);
    expect(again.ok ? null : again.error.code).toBe('conflict');

    for (const other of ENGINES) {
      const empty = later(await droppable(other));
      const restored = await backupRestore(settingsFor(empty), file);
      expect(restored.ok, JSON.stringify(restored)).toBe(true);
      const copy = later(await over(empty, server.bootstrap, {}, server.admin));
      const me = await copy.call('GET', '/api/v1/me', { token });
      expect(me.json.username).toBe('admin');
      const tested = await copy.call('POST', '/api/v1/connections/pve/test', { token: server.admin });
      expect(tested.json.ok, tested.text).toBe(true);
      const audit = await copy.call('POST', '/api/v1/audit/verify', { token: server.admin });
      expect(audit.json.intact, audit.text).toBe(true);
      const second = await backupRestore(settingsFor(empty), file);
      expect(second.ok ? null : second.error.code).toBe('conflict');
    }
  });

  test('a backup that was changed, cut or lacks its key is found out and not restored', async () => {
    const server = await bench({ engine });
    await filled(server);
    const file = await place();
    await backupCreate(settingsFor(server.database), file);
    const text = await readFile(file, 'utf8');
    const lines = text.split('\n');
    const broken: [string, string][] = [
      ['changed', text.replace('"username":"alice"', '"username":"malice"')],
      ['cut', `${lines.slice(0, -3).join('\n')}\n`],
      ['half a line', text.slice(0, -40)],
      ['header only', `${lines[0]}\n`],
    ];
    for (const [what, content] of broken) {
      const copy = `${file}.${what}`;
      await writeFile(copy, content);
      const check = await backupVerify(settingsFor(server.database), copy);
      expect(check.ok && check.value.intact, what).toBe(false);
      const empty = later(await droppable(engine));
      const restored = await backupRestore(settingsFor(empty), copy);
      expect(restored.ok, what).toBe(false);
    }
    const otherKey = keyText(new Uint8Array(32).fill(9));
    const check = await backupVerify(settingsFor(server.database, otherKey), file);
    expect(check.ok && check.value.missingKeys).toHaveLength(1);
    expect(check.ok && check.value.chainIntact).toBeNull();
    await writeFile(`${file}.not`, 'something else\n');
    expect((await backupVerify(settingsFor(server.database), `${file}.not`)).ok).toBe(false);
  });

  test('every table of the schema is either in the backup or named as left out', async () => {
    const server = await bench({ engine });
    const { database } = server;
    const opened = await openMigrated(database);
    const tables = (await opened.db.introspection.getTables()).map((table) => table.name).sort();
    await opened.close();
    expect([...BACKUP_TABLES.map(({ name }) => name), ...NOT_IN_BACKUP].sort()).toEqual(tables);
  });
});

async function droppable(
  engine: (typeof ENGINES)[number],
): Promise<TestDatabase & { close(): Promise<void> }> {
  const database = await freshDatabase(engine);
  return { ...database, close: () => database.drop() };
}
