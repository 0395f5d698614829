import { basename, dirname, resolve } from 'node:path';
import { fault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { SettingLine } from '../../kinds/proxmox/lint.ts';
import { type EnvEntry, envValues, readEnv } from '../env/read.ts';
import { readTfvars } from '../hcl/read.ts';
import { readSettingsFile } from '../private-file.ts';
import { utf8Text } from '../text-file.ts';
import { ENV_NAMES, type ProxmoxSettings, TEMPLATE_KEYS, TFVARS_NAMES, TRUST_KEYS } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Which places are looked at. Absent both: the environment, then `.env` in the folder. */
export interface Places {
  readonly envFile?: string;
  readonly tfvarsFile?: string;
  readonly folder: string;
  readonly environment: Environment;
  /** The file is about to be written: it need not exist, and the environment goes before it. */
  readonly toWrite?: boolean;
}

/**
 * The settings this machine holds. A file that was named counts alone (a `terraform.tfvars` together with
 * `TF_VAR_...` and `PROXMOX_VE_...`, as Terraform reads them); without one a variable of the environment goes
 * before the same key of `.env`, as for other readers of such files.
 */
export async function findSettings(places: Places): Promise<Result<ProxmoxSettings>> {
  if (places.envFile !== undefined && places.tfvarsFile !== undefined)
    return err(fault('invalid_request', 'Two files are named.', { fix: 'Give --env or --tfvars.' }));
  if (places.tfvarsFile !== undefined)
    return fromTfvars(resolve(places.folder, places.tfvarsFile), places.environment);
  const named = places.envFile !== undefined && places.toWrite !== true;
  const file = resolve(places.folder, places.envFile ?? '.env');
  const bytes = await readSettingsFile(file);
  if (!bytes.ok) return bytes;
  if (named && bytes.value === null) return err(noFile(file));
  return ok(fromEnv(readEnv(bytes.value ?? Buffer.alloc(0)), file, named ? {} : places.environment));
}

const SECRET_KEYS: ReadonlySet<string> = new Set([
  ENV_NAMES.secret,
  ENV_NAMES.password,
  'PROXMOX_ADMIN_PASSWD',
]);
const ALL_KEYS: readonly string[] = [
  ...Object.values(ENV_NAMES),
  'PROXMOX_ADMIN',
  'PROXMOX_ADMIN_PASSWD',
  ...Object.values(TRUST_KEYS),
  ...Object.values(TEMPLATE_KEYS),
];

function fromEnv(entries: readonly EnvEntry[], file: string, environment: Environment): ProxmoxSettings {
  const own = entries.filter((entry) => ALL_KEYS.includes(entry.key));
  const inFile = envValues(own);
  const overriding = ALL_KEYS.filter(
    (key) => (environment[key] ?? '') !== '' && environment[key] !== inFile.get(key),
  );
  const value = (...keys: readonly string[]): string => {
    for (const key of keys) {
      const found = environment[key] || inFile.get(key);
      if (found !== undefined && found !== '') return found;
    }
    return '';
  };
  const used = own.length > 0 ? [shown(file)] : [];
  return {
    host: value(ENV_NAMES.host),
    user: value(ENV_NAMES.user, 'PROXMOX_ADMIN'),
    token: value(ENV_NAMES.token),
    secret: value(ENV_NAMES.secret),
    password: value(ENV_NAMES.password, 'PROXMOX_ADMIN_PASSWD'),
    verify: value(ENV_NAMES.verify).toLowerCase(),
    pin: value(TRUST_KEYS.pin),
    caFile: value(TRUST_KEYS.caFile),
    noVerifyReason: value(TRUST_KEYS.reason),
    noVerifyUntil: value(TRUST_KEYS.until),
    node: value(ENV_NAMES.node),
    storage: '',
    bridge: '',
    templates: Object.entries(TEMPLATE_KEYS).flatMap(([version, key]) => {
      const id = value(key);
      return id === '' || id === 'none' ? [] : [{ id, version, key }];
    }),
    names: ENV_NAMES,
    lines: own.filter((entry) => !overriding.includes(entry.key)).map(settingLine),
    source: [...used, ...(overriding.length > 0 ? [`environment (${overriding.join(', ')})`] : [])].join(
      ' and ',
    ),
    folder: dirname(file),
  };
}

/** A comment behind a value that is no secret is a comment; behind a secret it may be half of it. */
function settingLine(entry: EnvEntry): SettingLine {
  // A whole credential pasted into another field is a secret there, too.
  const secret = SECRET_KEYS.has(entry.key) || entry.value.includes('=');
  const quoted = /^["']/.test(entry.written);
  const raw = secret && !quoted ? entry.raw : entry.written;
  return { key: entry.key, raw, read: entry.value, line: entry.line, secret };
}

async function fromTfvars(file: string, environment: Environment): Promise<Result<ProxmoxSettings>> {
  const bytes = await readSettingsFile(file);
  if (!bytes.ok) return bytes;
  if (bytes.value === null) return err(noFile(file));
  const text = utf8Text(bytes.value, file);
  if (!text.ok) return text;
  const entries = readTfvars(text.value, shown(file));
  if (!entries.ok) return entries;
  const inFile = new Map(entries.value.map((entry) => [entry.name, entry.value ?? '']));
  const value = (name: string, ofProvider = ''): string =>
    (inFile.get(name) ?? environment[`TF_VAR_${name}`] ?? environment[ofProvider] ?? '').trim();
  const whole = environment.PROXMOX_VE_API_TOKEN ?? '';
  const cut = whole.lastIndexOf('=');
  const id = value(TFVARS_NAMES.token);
  const fromProvider = id === '' && cut > 0 && !inFile.has(TFVARS_NAMES.token);
  const insecure = value(TFVARS_NAMES.verify, 'PROXMOX_VE_INSECURE').toLowerCase();
  return ok({
    host: value(TFVARS_NAMES.host, 'PROXMOX_VE_ENDPOINT'),
    user: value(TFVARS_NAMES.user, 'PROXMOX_VE_USERNAME'),
    token: fromProvider ? whole.slice(0, cut) : id,
    secret: fromProvider ? whole.slice(cut + 1) : value(TFVARS_NAMES.secret),
    password:
      inFile.get(TFVARS_NAMES.password) ??
      environment.TF_VAR_proxmox_password ??
      environment.PROXMOX_VE_PASSWORD ??
      '',
    verify: insecure === '' ? '' : /^(true|1)$/.test(insecure) ? 'false' : 'true',
    pin: '',
    caFile: '',
    noVerifyReason: '',
    noVerifyUntil: '',
    node: value(TFVARS_NAMES.node),
    storage: value('vm_storage'),
    bridge: value('vm_network_bridge'),
    templates: ['vm_template_id', 'debian_template_id'].flatMap((key) => {
      const template = value(key);
      return template === '' ? [] : [{ id: template, key }];
    }),
    names: TFVARS_NAMES,
    lines: [],
    source: shown(file),
    folder: dirname(file),
  });
}

const noFile = (file: string) =>
  fault('invalid_request', `There is no file ${file}.`, {
    fix: 'Check the path, or make it: tessera proxmox setup',
  });

const shown = (file: string): string => basename(file);
