import { isIP } from 'node:net';
import { type Fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type AddressRefusal, isLoopbackAddress, refuseAddress } from './addresses.ts';

/** Where a connection leads: the exact place an administrator registered, and nowhere else. */
export interface Origin {
  readonly scheme: 'https' | 'http';
  /** Lower-case name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Empty, or `/prefix` without a slash at the end. */
  readonly basePath: string;
  /** The registered host is this machine itself; only then may it lead to a loopback address. */
  readonly loopback: boolean;
}

const MAX_LENGTH = 255;

/**
 * Reads the URL of a registered system. Shape: `https://host[:port][/prefix]`, at most 255 characters.
 * Refused: other schemes, user info, query, fragment, white space and control characters, which the URL
 * parser of the platform would drop in silence.
 *
 * @param field name of the input, for the message of a refusal (`invalid_request`)
 */
export function parseOrigin(text: string, field = 'url'): Result<Origin> {
  const refuse = (message: string, fix?: string): Result<Origin, Fault> =>
    err(fieldFault('invalid_request', field, message, fix));
  const trimmed = text.trim();
  if (trimmed === '') return refuse('is empty', 'give a URL such as https://pve.example:8006');
  if (trimmed.length > MAX_LENGTH) return refuse(`is longer than ${MAX_LENGTH} characters`);
  if (/[\s\u0000-\u001f\u007f\\]/.test(trimmed))
    return refuse('contains white space, a backslash or a control character');
  const scheme = /^(https?):\/\//i.exec(trimmed)?.[1]?.toLowerCase();
  if (scheme !== 'https' && scheme !== 'http')
    return refuse('must start with https:// or http://', 'write the scheme, for example https://pve.example');
  if (trimmed.includes('?') || trimmed.includes('#'))
    return refuse('must not contain a query or a fragment', 'cut the URL before the ? or #');
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    return refuse('is not a valid URL', 'give a URL such as https://pve.example:8006');
  }
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/]*@/i.test(trimmed))
    return refuse('must not contain a user name or password', 'give the credential in its own field');
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === '') return refuse('names no host');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) return refuse('names port 0');
  return ok({
    scheme,
    host,
    port,
    basePath: url.pathname.replace(/\/+$/, ''),
    loopback: isLoopbackHost(host),
  });
}

/** Why no call will ever get there. Names are judged when they are dialled, by the addresses they have then. */
export const refuseOrigin = ({ host, loopback }: Origin): AddressRefusal | undefined =>
  isIP(host) === 0 ? undefined : refuseAddress(host, loopback);

/** `host:port` as it stands in a Host header: IPv6 in brackets, the scheme's own port left out. */
export function originAuthority(origin: Origin): string {
  const host = isIP(origin.host) === 6 ? `[${origin.host}]` : origin.host;
  return origin.port === (origin.scheme === 'https' ? 443 : 80) ? host : `${host}:${origin.port}`;
}

export function originUrl(origin: Origin): string {
  return `${origin.scheme}://${originAuthority(origin)}${origin.basePath}`;
}

function isLoopbackHost(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(host);
}
