import { err, ok, type Result } from '../../base/result.ts';
import { type EnvChanges, editEnv } from '../env/edit.ts';
import { envValues, readEnv } from '../env/read.ts';
import { refuseByGit } from '../git.ts';
import { ending } from '../mask.ts';
import { readSettingsFile, refuseTarget, writePrivateFile } from '../private-file.ts';
import { ENV_NAMES, type ProxmoxSettings, TEMPLATE_KEYS, TRUST_KEYS } from './settings.ts';

/** A change of one key for a person to look at; secrets by their last four characters. */
export interface ShownChange {
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Ports the guide's programs look for; kept where they are set. */
const PORTS = { BACKEND_PORT: '8001', VITE_PORT: '5174' } as const;

/** Keys of the credential: the chosen method stands, the other one goes. */
export function credentialChanges(settings: ProxmoxSettings): EnvChanges {
  const byToken = settings.token !== '';
  return {
    [ENV_NAMES.user]: settings.user,
    [ENV_NAMES.token]: byToken ? settings.token : null,
    [ENV_NAMES.secret]: byToken ? settings.secret : null,
    [ENV_NAMES.password]: byToken ? null : settings.password,
    // Older spellings of the same: they would be read once the others are gone.
    PROXMOX_ADMIN: null,
    PROXMOX_ADMIN_PASSWD: null,
  };
}

/** Keys of the trust: one decision, the traces of another one go. */
export function trustChanges(settings: ProxmoxSettings): EnvChanges {
  const unverified = settings.verify === 'false' && settings.pin === '' && settings.caFile === '';
  const orNull = (text: string, when = true): string | null => (when && text !== '' ? text : null);
  return {
    [ENV_NAMES.verify]: unverified ? 'false' : 'true',
    [TRUST_KEYS.pin]: orNull(settings.pin),
    [TRUST_KEYS.caFile]: orNull(settings.caFile, settings.pin === ''),
    [TRUST_KEYS.reason]: orNull(settings.noVerifyReason, unverified),
    [TRUST_KEYS.until]: orNull(settings.noVerifyUntil, unverified),
  };
}

/** Everything the guide's file holds. */
export function allChanges(settings: ProxmoxSettings): EnvChanges {
  const ids = Object.entries(TEMPLATE_KEYS).map(([version, key]) => {
    const found = settings.templates.find((template) => template.version === version);
    return [key, found?.id ?? null] as const;
  });
  return {
    [ENV_NAMES.host]: settings.host,
    ...credentialChanges(settings),
    ...trustChanges(settings),
    [ENV_NAMES.node]: settings.node,
    ...Object.fromEntries(ids),
  };
}

/** Why the file must not receive a secret, or null: looked at before anybody is asked anything. */
export const refuseEnvFile = async (file: string) => (await refuseTarget(file)) ?? (await refuseByGit(file));

/** What the changes would do to the file, key by key; what is right already is not listed. */
export async function previewEnv(file: string, changes: EnvChanges): Promise<Result<ShownChange[]>> {
  const bytes = await readSettingsFile(file);
  if (!bytes.ok) return bytes;
  const entries = readEnv(bytes.value ?? Buffer.alloc(0));
  const before = envValues(entries);
  const shown = (key: string, value: string): string =>
    key === ENV_NAMES.secret || /PASSW/.test(key) || value.includes('=') ? ending(value) : value;
  const list = Object.entries(withPorts(changes, before)).flatMap(([key, after]): ShownChange[] => {
    const old = before.get(key) ?? null;
    const twice = entries.filter((entry) => entry.key === key).length > 1;
    if (old === after && !twice) return [];
    return [
      {
        key,
        before: old === null ? null : shown(key, old),
        after: after === null ? null : shown(key, after),
      },
    ];
  });
  return ok(list);
}

/** Changes the file and nothing else in it; made anew with mode 600 where there is none. */
export async function saveEnv(file: string, changes: EnvChanges): Promise<Result<true>> {
  const refused = await refuseEnvFile(file);
  if (refused !== null) return err(refused);
  const bytes = await readSettingsFile(file);
  if (!bytes.ok) return bytes;
  const old = bytes.value ?? Buffer.alloc(0);
  const all = withPorts(changes, envValues(readEnv(old)));
  const edited = editEnv(old, all);
  const held = envValues(readEnv(edited));
  return writePrivateFile(file, editEnv(edited, {}, headerFor(held)));
}

/** Only a change of everything brings the ports; a new token in a file of another shape does not. */
function withPorts(changes: EnvChanges, before: ReadonlyMap<string, string>): EnvChanges {
  if (changes[ENV_NAMES.node] === undefined) return changes;
  const missing = Object.entries(PORTS).filter(([key]) => !before.has(key));
  return { ...changes, ...Object.fromEntries(missing) };
}

function headerFor(held: ReadonlyMap<string, string>): string {
  const secrets = [ENV_NAMES.secret, ENV_NAMES.password].filter((key) => (held.get(key) ?? '') !== '');
  return secrets.length === 0
    ? 'this file holds no Proxmox secret'
    : `this file holds a Proxmox secret in clear (${secrets.join(', ')}); keep it out of git, mode 600`;
}
