import { isUserId, TOKEN_NAME } from './identity/names.ts';
import { type Field, optional, required } from './schema.ts';

const matches =
  (pattern: RegExp, complaint: (value: string) => string) =>
  (value: string): string | undefined =>
    pattern.test(value) ? undefined : complaint(value);

const DNS_NAME =
  /^(?!.*\.\.)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

export const nodeFormat = matches(
  /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/,
  () => 'value does not look like a valid node name',
);
export const vmidFormat = matches(/^[1-9][0-9]{2,8}$/, () => 'value does not look like a valid VM ID');
export const storageFormat = matches(
  /^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$/,
  (value) => `storage ID '${value}' contains illegal characters`,
);
export const dnsNameFormat = matches(DNS_NAME, () => 'value does not look like a valid DNS name');
export const userFormat = (value: string): string | undefined =>
  isUserId(value) ? undefined : `value '${value}' does not look like a valid user name`;
export const roleFormat = matches(
  /^[A-Za-z0-9.\-_]+$/,
  (value) => `role name '${value}' contains invalid characters`,
);
export const poolFormat = matches(
  /^[A-Za-z0-9.\-_]+(\/[A-Za-z0-9.\-_]+){0,2}$/,
  (value) => `pool name '${value}' contains invalid characters`,
);

/** Text that went through percent-encoding once more than the form did: what `sshkeys` must be. */
export const urlEncodedFormat = matches(
  /^[-%a-zA-Z0-9_.!~*'()]*$/,
  (value) => `invalid urlencoded string: ${value}`,
);

export const tagsFormat = (value: string): string | undefined => {
  const bad = value
    .split(/[;,\s]+/)
    .filter(Boolean)
    .find((tag) => !/^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag));
  return bad === undefined ? undefined : `invalid characters in tag '${bad}'`;
};

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

export const addressListFormat = (value: string): string | undefined => {
  const bad = value
    .split(/[\s,;]+/)
    .filter(Boolean)
    .find((address) => !IPV4.test(address) && !address.includes(':'));
  return bad === undefined ? undefined : 'value does not look like a valid IP address';
};

/** `ip=192.0.2.5/24,gw=192.0.2.1`, `ip=dhcp`, `ip6=auto`, ... */
export const ipConfigFormat = (value: string): string | undefined => {
  const parts = new Map(value.split(',').map((part) => part.split('=', 2) as [string, string | undefined]));
  for (const [name, setting] of parts) {
    if (!['ip', 'gw', 'ip6', 'gw6'].includes(name)) return `format error\n${name}: property is not defined`;
    if (!setting) return `format error\n${name}: value is missing`;
  }
  const ip = parts.get('ip');
  if (ip !== undefined && ip !== 'dhcp' && !/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(ip))
    return 'format error\nip: value does not look like a valid ipv4 network configuration';
  if (parts.has('gw') && (ip === undefined || ip === 'dhcp'))
    return 'gateway specified without specifying an IP address';
  if (parts.has('gw6') && !parts.has('ip6'))
    return 'IPv6 gateway specified without specifying an IPv6 address';
  return undefined;
};

/** The parts of paths, checked wherever they occur. */
export const PATH_FIELDS: Readonly<Record<string, Field>> = {
  node: required('string', { format: nodeFormat }),
  vmid: required('integer', { format: vmidFormat }),
  storage: required('string', { format: storageFormat }),
  userid: required('string', { format: userFormat }),
  tokenid: required('string', { pattern: TOKEN_NAME }),
  roleid: required('string', { format: roleFormat }),
  poolid: required('string', { format: poolFormat }),
  groupid: required('string'),
  upid: required('string'),
  volume: required('string'),
};

export const STORAGE_FIELD = optional('string', { format: storageFormat });
