import type { ConnectionKind } from '../../../src/wire/connection-parts.ts';
import type { CredentialInput } from '../../../src/wire/connections.ts';

/** What a person needs to know of each kind of system, in words. */

export interface KindWords {
  readonly title: string;
  readonly about: string;
  readonly address: string;
  /** How to read the certificate's fingerprint on the other side. */
  readonly compare: string | null;
  readonly whereFrom: string;
}

export const KINDS: Readonly<Record<ConnectionKind, KindWords>> = {
  proxmox: {
    title: 'Proxmox VE',
    about: 'Virtual machines; an API token or a password',
    address: 'https://pve.example:8006',
    compare: 'pvenode cert info',
    whereFrom: 'Datacenter, Permissions, API Tokens, Add. The secret is shown there once.',
  },
  foreman: {
    title: 'Foreman',
    about: 'Hosts and hypervisors; a login with its personal access token',
    address: 'https://foreman.example',
    compare:
      'openssl x509 -noout -sha256 -fingerprint -in /etc/puppetlabs/puppet/ssl/certs/$(hostname -f).pem',
    whereFrom: 'hammer user access-token create --user LOGIN --name tessera',
  },
  osmo: {
    title: 'OSMO',
    about: 'Workflows; a personal access token',
    address: 'https://osmo.example',
    compare: null,
    whereFrom: 'osmo token set tessera --expires-at 2030-01-01',
  },
  gafaelfawr: {
    title: 'Gafaelfawr',
    about: 'Rubin Science Platform; a token gt-...',
    address: 'https://data.example',
    compare: null,
    whereFrom: 'The token page of the site, or its administrator.',
  },
  http: {
    title: 'Any HTTP API',
    about: 'Bearer token, name and password, or a header',
    address: 'https://api.example.com',
    compare: null,
    whereFrom: 'Wherever that service hands out its keys.',
  },
};

export const kindTitle = (kind: ConnectionKind): string => KINDS[kind].title;

/** An address as pasted, whole: https where no scheme is given, Proxmox's own port, without the page of its UI. */
export function wholeAddress(typed: string, kind: ConnectionKind): string {
  const text = typed.trim();
  if (text === '') return '';
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (kind !== 'proxmox') return whole;
  const parts = /^(https?:\/\/)([^/?#@]+)(?:[/?#].*)?$/i.exec(whole);
  if (parts === null) return whole;
  const [, scheme = '', host = ''] = parts;
  return /:\d+$/.test(host) ? `${scheme}${host}` : `${scheme}${host}:8006`;
}

export interface TypedCredential {
  readonly method: 'token' | 'password' | 'bearer' | 'basic' | 'header';
  readonly user: string;
  readonly name: string;
  readonly secret: string;
}

export const firstMethod = (kind: ConnectionKind): TypedCredential['method'] =>
  kind === 'proxmox' || kind === 'osmo' ? 'token' : kind === 'foreman' ? 'basic' : 'bearer';

/** A paste that holds identity and secret together, taken apart where everybody sees it. */
export function takenApart(typed: TypedCredential, kind: ConnectionKind): TypedCredential {
  const { method, secret } = typed;
  if (kind === 'proxmox' && method === 'token') {
    const parts = /^(?:PVEAPIToken=)?([^\s=]+@[^\s=]+![^\s=]+)=(\S+)$/.exec(secret.trim());
    if (parts !== null) return { ...typed, user: parts[1] ?? '', secret: parts[2] ?? '' };
  }
  if (kind === 'foreman' && typed.user === '') {
    const parts = /^([^:\s]+):(\S+)$/.exec(secret.trim());
    if (parts !== null) return { ...typed, user: parts[1] ?? '', secret: parts[2] ?? '' };
  }
  return typed;
}

export function credentialOf(typed: TypedCredential, kind: ConnectionKind): CredentialInput {
  const { method, user, name, secret } = typed;
  const who = user.trim() === '' ? {} : { user: user.trim() };
  if (kind === 'proxmox') return { method, ...who, secret };
  if (kind === 'foreman') return { ...who, secret };
  if (kind === 'http')
    return {
      method,
      ...(method === 'basic' ? who : {}),
      ...(method === 'header' ? { name: name.trim() } : {}),
      secret,
    };
  return { secret };
}
