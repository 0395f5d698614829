import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DAY, MINUTE } from '../base/clock.ts';
import { nearestOf } from '../base/nearest.ts';
import { Secret } from '../base/secret.ts';
import { OIDC_ENVIRONMENT, type OidcConfig, oidcFaults, oidcOf, oidcSecretOf } from './oidc.ts';
import { type ConfiguredQuotas, readQuotaFile } from './quota-file.ts';
import { duration, host, networks, origin, port, scopes, urlHost } from './values.ts';

/** Everything the environment decides, checked once at the start. Secrets stand apart. */
export interface Config {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Scheme and host that people and clients use; without a trailing slash. */
  readonly publicUrl: string;
  readonly workers: number;
  readonly masterKeyFile: string;
  readonly sessionSeconds: number;
  readonly longestTokenSeconds: number | null;
  readonly delegatedSeconds: number;
  readonly jwtSeconds: number;
  readonly signingKeyDays: number;
  /** Networks whose X-Forwarded-For is believed, as CIDR texts. */
  readonly trustedProxies: readonly string[];
  readonly scopes: Readonly<Record<string, string>>;
  /** Quotas of the installation; null when none are configured. */
  readonly quotas: ConfiguredQuotas | null;
  /** Time between two scheduled tests of a connection; null: none. */
  readonly connectionCheckSeconds: number | null;
  /** What one call may take while a connection is tested. */
  readonly connectionTimeoutSeconds: number;
  /** Where TLS is spoken besides; null: nowhere, but ports of routes still do where a certificate is at hand. */
  readonly tlsPort: number | null;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Null: people sign in with their password only. */
  readonly oidc: OidcConfig | null;
  readonly machines: MachineConfig;
  readonly logLevel: string;
}

export interface MachineConfig {
  /** Ubuntu release to the id of its template, from `UBUNTU_2204_TEMPLATE_ID` and the like. */
  readonly templates: Readonly<Record<string, number>>;
  /** `PROXMOX_NODE`; null: the node of the template. */
  readonly node: string | null;
  /** What one user may hold; memory in MiB. */
  readonly quota: { readonly vms: number; readonly cores: number; readonly memory: number } | null;
  /** Seconds to wait for the address of a new machine. */
  readonly addressSeconds: number;
  /** Clones at once on one connection. */
  readonly clonesAtOnce: number;
}

export interface Secrets {
  readonly databaseUrl: Secret | null;
  readonly bootstrapToken: Secret | null;
  /** Where events are posted; its path may be secret. */
  readonly webhookUrl: Secret | null;
  /** Key text from the environment instead of a file. */
  readonly masterKeys: Secret | null;
  readonly oidcClientSecret: Secret | null;
}

export interface Settings {
  readonly config: Config;
  readonly secrets: Secrets;
}

/** One setting that does not parse: its name and what to do. */
export interface SettingFault {
  readonly name: string;
  readonly message: string;
}

const Environment = z.object({
  TESSERA_DATA_DIR: z.string().min(1, 'must not be empty').optional(),
  TESSERA_HOST: host.default('127.0.0.1'),
  TESSERA_PORT: port.default(8001),
  TESSERA_PUBLIC_URL: origin.optional(),
  TESSERA_WORKERS: z
    .string()
    .regex(/^([1-9]\d?)$/, 'must be a number from 1 to 99')
    .transform(Number)
    .default(1),
  TESSERA_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional(),
  TESSERA_MASTER_KEY_FILE: z.string().min(1, 'must not be empty').optional(),
  TESSERA_MASTER_KEY: z.string().min(1, 'must not be empty').optional(),
  TESSERA_BOOTSTRAP_TOKEN: z
    .string()
    .regex(
      /^(tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}|gt-[\w-]{22}\.[\w-]{22})$/,
      "must be a token: 'gt-', 22 letters, digits, _ or -, a dot, 22 more; make one with 'tessera bootstrap-token'",
    )
    .optional(),
  TESSERA_SESSION_LIFETIME: duration(10 * MINUTE).default(30 * DAY),
  TESSERA_MAX_TOKEN_LIFETIME: duration(5 * MINUTE).optional(),
  TESSERA_DELEGATED_LIFETIME: duration(10 * MINUTE).default(30 * DAY),
  TESSERA_JWT_LIFETIME: duration(MINUTE).default(5 * MINUTE),
  TESSERA_SIGNING_KEY_DAYS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a number of days')
    .transform(Number)
    .default(30),
  TESSERA_TRUSTED_PROXIES: networks.default(['127.0.0.0/8', '::1/128']),
  TESSERA_SCOPES: scopes.default({}),
  TESSERA_QUOTA_FILE: z
    .string()
    .transform((path, context) => {
      const read = readQuotaFile(resolve(path));
      if (read.ok) return read.value;
      for (const message of read.error) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .optional(),
  TESSERA_TLS_PORT: port.optional(),
  TESSERA_TLS_CERT_FILE: z.string().min(1, 'must not be empty').optional(),
  TESSERA_TLS_KEY_FILE: z.string().min(1, 'must not be empty').optional(),
  TESSERA_CONNECTION_CHECK: z
    .union([z.literal('off').transform(() => null), duration(5 * MINUTE)])
    .default(60 * MINUTE),
  TESSERA_CONNECTION_TIMEOUT: z
    .string()
    .regex(/^([1-9]|[1-5]\d|60)s$/, 'must be from 1s to 60s')
    .transform((text) => Number(text.slice(0, -1)))
    .default(20),
  TESSERA_WEBHOOK_URL: z
    .string()
    .regex(/^https?:\/\/[^/?#@\s]+([/?][^#\s]*)?$/, 'must be a http:// or https:// address without user name')
    .refine((text) => URL.canParse(text), 'must be a http:// or https:// address without user name')
    .optional(),
  ...OIDC_ENVIRONMENT,
  TESSERA_MACHINE_QUOTA: z
    .string()
    .regex(
      /^vms=\d{1,6},cores=\d{1,6},memory=\d{1,9}$/,
      'must be of the form vms=10,cores=20,memory=65536 (MiB)',
    )
    .transform((text) => {
      const [vms = 0, cores = 0, memory = 0] = text.split(',').map((part) => Number(part.split('=')[1]));
      return { vms, cores, memory };
    })
    .optional(),
  TESSERA_MACHINE_ADDRESS_WAIT: z
    .string()
    .regex(/^[1-9]\d{0,3}s$/, 'must be from 1s to 9999s')
    .transform((text) => Number(text.slice(0, -1)))
    .default(180),
  TESSERA_MACHINE_CLONES: z
    .string()
    .regex(/^([1-9]|[1-9]\d|100)$/, 'must be from 1 to 100')
    .transform(Number)
    .default(20),
  TESSERA_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export const settingNames: readonly string[] = Object.keys(Environment.shape);

const FLAGS = {
  host: 'TESSERA_HOST',
  port: 'TESSERA_PORT',
  dataDir: 'TESSERA_DATA_DIR',
  workers: 'TESSERA_WORKERS',
} as const;
export type ServeFlags = { readonly [K in keyof typeof FLAGS]?: string };

/** Reads flags over environment. Every setting that does not parse is listed, not only the first. */
export function readSettings(
  flags: ServeFlags,
  environment: Readonly<Record<string, string | undefined>>,
): { ok: true; value: Settings } | { ok: false; error: SettingFault[] } {
  const merged: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value !== '') merged[name] = value;
  for (const [flag, name] of Object.entries(FLAGS)) {
    const value = flags[flag as keyof ServeFlags];
    if (value !== undefined) merged[name] = value;
  }
  const unknown = Object.keys(merged)
    .filter((name) => name.startsWith('TESSERA_') && !(name in Environment.shape) && !CLIENT_SIDE.has(name))
    .map((name) => ({ name, message: `is not a setting${nearest(name)}` }));
  const parsed = Environment.safeParse(merged);
  const faults = parsed.success
    ? []
    : parsed.error.issues.map((issue) => ({ name: String(issue.path[0]), message: issue.message }));
  const together = oidcFaults(merged);
  const templates = templateIds(merged);
  const others = [...together, ...unknown, ...templates.faults];
  if (!parsed.success || others.length > 0) return { ok: false, error: [...faults, ...others] };

  const env = parsed.data;
  const dataDir = resolve(env.TESSERA_DATA_DIR ?? defaultDataDir(environment));
  const secret = (text: string | undefined): Secret | null => (text === undefined ? null : new Secret(text));
  return {
    ok: true,
    value: {
      config: {
        dataDir,
        host: env.TESSERA_HOST,
        port: env.TESSERA_PORT,
        publicUrl: env.TESSERA_PUBLIC_URL ?? `http://${urlHost(env.TESSERA_HOST)}:${env.TESSERA_PORT}`,
        workers: env.TESSERA_WORKERS,
        masterKeyFile: resolve(env.TESSERA_MASTER_KEY_FILE ?? join(dataDir, 'master.key')),
        sessionSeconds: env.TESSERA_SESSION_LIFETIME,
        longestTokenSeconds: env.TESSERA_MAX_TOKEN_LIFETIME ?? null,
        delegatedSeconds: env.TESSERA_DELEGATED_LIFETIME,
        jwtSeconds: env.TESSERA_JWT_LIFETIME,
        signingKeyDays: env.TESSERA_SIGNING_KEY_DAYS,
        trustedProxies: env.TESSERA_TRUSTED_PROXIES,
        scopes: env.TESSERA_SCOPES,
        quotas: env.TESSERA_QUOTA_FILE ?? null,
        tlsPort: env.TESSERA_TLS_PORT ?? null,
        tlsCertFile: resolve(env.TESSERA_TLS_CERT_FILE ?? join(dataDir, 'tls', 'server.pem')),
        tlsKeyFile: resolve(env.TESSERA_TLS_KEY_FILE ?? join(dataDir, 'tls', 'server.key')),
        connectionCheckSeconds: env.TESSERA_CONNECTION_CHECK,
        connectionTimeoutSeconds: env.TESSERA_CONNECTION_TIMEOUT,
        oidc: oidcOf(env),
        machines: {
          templates: templates.found,
          node: merged.PROXMOX_NODE ?? null,
          quota: env.TESSERA_MACHINE_QUOTA ?? null,
          addressSeconds: env.TESSERA_MACHINE_ADDRESS_WAIT,
          clonesAtOnce: env.TESSERA_MACHINE_CLONES,
        },
        logLevel: env.TESSERA_LOG_LEVEL,
      },
      secrets: {
        databaseUrl: secret(env.TESSERA_DATABASE_URL),
        bootstrapToken: secret(env.TESSERA_BOOTSTRAP_TOKEN),
        webhookUrl: secret(env.TESSERA_WEBHOOK_URL),
        masterKeys: secret(env.TESSERA_MASTER_KEY),
        oidcClientSecret: oidcSecretOf(env),
      },
    },
  };
}

/** The guide's own names; `none` and nothing mean that there is none. */
function templateIds(merged: Readonly<Record<string, string>>) {
  const found: Record<string, number> = {};
  const faults: SettingFault[] = [];
  for (const [name, value] of Object.entries(merged)) {
    const [, year, month] = /^UBUNTU_(\d\d)(\d\d)_TEMPLATE_ID$/.exec(name) ?? [];
    if (year === undefined || month === undefined || value === 'none') continue;
    if (/^[1-9]\d{2,8}$/.test(value)) found[`${year}.${month}`] = Number(value);
    else faults.push({ name, message: 'must be the id of a template, such as 9000' });
  }
  return { found, faults };
}

// Read by the command line, not by the server.
const CLIENT_SIDE = new Set(['TESSERA_URL', 'TESSERA_TOKEN', 'TESSERA_CONFIG_DIR']);

const defaultDataDir = (environment: Readonly<Record<string, string | undefined>>): string =>
  join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'tessera');

function nearest(name: string): string {
  const close = nearestOf(name, Object.keys(Environment.shape));
  return close === null ? '' : `; did you mean ${close}?`;
}
