import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gitStanding, ignoreInGit } from '../../src/local/git.ts';
import {
  readableByOthers,
  readSettingsFile,
  refuseTarget,
  writePrivateFile,
} from '../../src/local/private-file.ts';
import { findSettings } from '../../src/local/proxmox/find-settings.ts';
import { allChanges, previewEnv, saveEnv } from '../../src/local/proxmox/save.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-local-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const SECRET = '00000000-1111-2222-3333-444444canary';

describe('a private file', () => {
  test('is made with mode 600, whatever the umask allows', async () => {
    const before = process.umask(0);
    await writePrivateFile(at('new'), Buffer.from('x'));
    process.umask(before);
    expect(statSync(at('new')).mode & 0o777).toBe(0o600);
  });

  test('takes the place of the old one whole, and leaves nothing beside it', async () => {
    writeFileSync(at('old'), 'before', { mode: 0o600 });
    const inode = statSync(at('old')).ino;
    expect((await writePrivateFile(at('old'), Buffer.from('after'))).ok).toBe(true);
    expect(readFileSync(at('old'), 'utf8')).toBe('after');
    expect(statSync(at('old')).ino).not.toBe(inode);
    expect(readdirSync(folder)).toEqual(['old']);
  });

  test('is not written through a link, over a folder, or where others can read', async () => {
    writeFileSync(at('open'), 'mine', { mode: 0o644 });
    chmodSync(at('open'), 0o640);
    symlinkSync(at('elsewhere'), at('link'));
    for (const path of [at('open'), at('link'), folder]) {
      expect(await refuseTarget(path)).not.toBeNull();
      expect((await writePrivateFile(path, Buffer.from(SECRET))).ok).toBe(false);
    }
    expect(readFileSync(at('open'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['link', 'open']);
    expect(await readableByOthers(at('open'))).not.toBeNull();
  });

  test('leaves no draft behind where it cannot be written', async () => {
    const failed = await writePrivateFile(at('no/such/folder'), Buffer.from(SECRET));
    expect(failed.ok ? '' : failed.error.message).toContain('no such folder');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('of more than a megabyte is taken for no settings file', async () => {
    writeFileSync(at('large'), Buffer.alloc(1024 * 1024 + 1));
    expect((await readSettingsFile(at('large'))).ok).toBe(false);
  });
});

describe('git', () => {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: folder });

  test('is asked whether it tracks, ignores or would track a file', async () => {
    expect(await gitStanding(at('.env'))).toBe('outside');
    git('init', '-q');
    expect(await gitStanding(at('.env'))).toBe('would-track');
    await ignoreInGit(at('.env'));
    expect(await gitStanding(at('.env'))).toBe('ignored');
    writeFileSync(at('.env'), 'A=1');
    git('add', '-f', '.env');
    expect(await gitStanding(at('.env'))).toBe('tracked');
  });

  test('keeps what its list of ignored files held', async () => {
    writeFileSync(at('.gitignore'), 'dist');
    await ignoreInGit(at('.env'));
    expect(readFileSync(at('.gitignore'), 'utf8')).toBe('dist\n/.env\n');
  });
});

describe('settings', () => {
  const FILE = `PROXMOX_HOST=pve.lan\nPROXMOX_TOKEN_NAME=one\nPROXMOX_TOKEN_VALUE=${SECRET}\n`;
  const found = async (places: Partial<Parameters<typeof findSettings>[0]>) => {
    const settings = await findSettings({ folder, environment: {}, ...places });
    if (!settings.ok) throw new Error(settings.error.message);
    return settings.value;
  };

  test('of the environment go before .env, but not before a file that is named', async () => {
    writeFileSync(at('.env'), FILE);
    const environment = { PROXMOX_HOST: 'other.lan' };
    expect(await found({ environment })).toMatchObject({ host: 'other.lan', token: 'one' });
    expect((await found({ environment })).source).toBe('.env and environment (PROXMOX_HOST)');
    expect(await found({ environment, envFile: '.env' })).toMatchObject({ host: 'pve.lan', source: '.env' });
  });

  test('of terraform come from its file first, then from TF_VAR and the provider', async () => {
    writeFileSync(at('t.tfvars'), 'proxmox_api_url = "https://pve.lan:8006/"\n');
    const environment = {
      TF_VAR_proxmox_api_url: 'https://not.this',
      TF_VAR_proxmox_node: 'pve3',
      PROXMOX_VE_API_TOKEN: `root@pam!two=${SECRET}`,
    };
    expect(await found({ environment, tfvarsFile: 't.tfvars' })).toMatchObject({
      host: 'https://pve.lan:8006/',
      node: 'pve3',
      token: 'root@pam!two',
      secret: SECRET,
    });
  });

  test('are shown before saving with no more of a secret than its last four characters', async () => {
    writeFileSync(at('.env'), `${FILE}PROXMOX_PASSWORD=old-password-canary\n`, { mode: 0o600 });
    const settings = {
      ...(await found({})),
      user: 'root@pam',
      secret: 'ffffffff-1111-2222-3333-444444444444',
    };
    const shown = await previewEnv(at('.env'), allChanges(settings));
    const text = JSON.stringify(shown);
    expect(text).toContain('...nary');
    expect(text).toContain('...4444');
    for (const secret of [SECRET, 'old-password', 'ffffffff']) expect(text).not.toContain(secret);
  });

  test('that are saved are found again as they were', async () => {
    const settings = {
      ...(await found({})),
      host: 'pve.lan',
      user: 'u@pve',
      password: `a'b"c #d $e`,
      node: 'pve',
    };
    expect((await saveEnv(at('.env'), allChanges(settings))).ok).toBe(true);
    const again = await found({});
    expect(again).toMatchObject({
      host: 'pve.lan',
      user: 'u@pve',
      password: `a'b"c #d $e`,
      token: '',
      verify: 'true',
    });
    expect(readFileSync(at('.env'), 'utf8')).toMatch(/^# tessera: .*PROXMOX_PASSWORD/);
  });
});
