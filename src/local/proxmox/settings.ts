import type { SettingLine } from '../../kinds/proxmox/lint.ts';

/** Settings of one Proxmox VE as they were found, wherever that was; empty where nothing was. */
export interface ProxmoxSettings {
  readonly host: string;
  readonly user: string;
  /** Token name, or a whole id `user@realm!name`. */
  readonly token: string;
  readonly secret: string;
  readonly password: string;
  /** `true`, `false`, or empty: as good as true. */
  readonly verify: string;
  /** SHA-256 of the one certificate that is accepted. */
  readonly pin: string;
  /** File with the authority, relative to `folder`. */
  readonly caFile: string;
  readonly noVerifyReason: string;
  /** Date, or date and time. */
  readonly noVerifyUntil: string;
  readonly node: string;
  readonly storage: string;
  readonly bridge: string;
  readonly templates: readonly { readonly id: string; readonly version?: string; readonly key: string }[];
  /** How each setting is called where it was found, for messages. */
  readonly names: SettingNames;
  /** Lines of a file, to compare what was written with what was read. */
  readonly lines: readonly SettingLine[];
  /** Where they come from, for a person: `.env`. */
  readonly source: string;
  readonly folder: string;
}

export interface SettingNames {
  readonly host: string;
  readonly user: string;
  readonly token: string;
  readonly secret: string;
  readonly password: string;
  readonly verify: string;
  readonly node: string;
}

export const ENV_NAMES: SettingNames = {
  host: 'PROXMOX_HOST',
  user: 'PROXMOX_USER',
  token: 'PROXMOX_TOKEN_NAME',
  secret: 'PROXMOX_TOKEN_VALUE',
  password: 'PROXMOX_PASSWORD',
  verify: 'PROXMOX_VERIFY_SSL',
  node: 'PROXMOX_NODE',
};

export const TFVARS_NAMES: SettingNames = {
  host: 'proxmox_api_url',
  user: 'proxmox_user',
  token: 'proxmox_api_token_id',
  secret: 'proxmox_api_token_secret',
  password: 'proxmox_password',
  verify: 'proxmox_tls_insecure',
  node: 'proxmox_node',
};

/** Keys of ours beside those of the guide: which certificate is accepted, and why none is checked. */
export const TRUST_KEYS = {
  pin: 'PROXMOX_TLS_FINGERPRINT',
  caFile: 'PROXMOX_CA_FILE',
  reason: 'PROXMOX_VERIFY_SSL_REASON',
  until: 'PROXMOX_VERIFY_SSL_UNTIL',
} as const;

/** Ubuntu release to the key that holds the id of its template. */
export const TEMPLATE_KEYS: Readonly<Record<string, string>> = {
  '22.04': 'UBUNTU_2204_TEMPLATE_ID',
  '20.04': 'UBUNTU_2004_TEMPLATE_ID',
};

export const DEFAULT_USER = 'root@pam';
