import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { LoginBudget } from './login-budget.ts';

/** What is known around a connection and cannot be learned from it. All of it is optional. */
export interface Surroundings {
  /** An address the person knows to be right. */
  readonly knownAddress?: string;
  /** Logins this machine saw refused there within the last minutes. */
  readonly recentRejections?: number;
  readonly proxy?: ProxyHere;
  /** Where something listens on a port of this very machine; `undefined` where the host is another machine. */
  readonly listeners?: (addresses: readonly string[], port: number) => Promise<readonly string[] | undefined>;
  /** Issuers seen in certificates of unrelated hosts: one issuer for everything is a gateway. */
  readonly issuersElsewhere?: readonly string[];
  /** A third clock, in seconds since the epoch: the word of somebody else on what time it is. */
  readonly referenceTime?: () => Promise<number | undefined>;
  /** Refused logins that may still be caused there; shared by everything that logs in from this machine. */
  readonly loginBudget?: LoginBudget;
  /** Since when the pinned certificate is known, for the message that it changed. */
  readonly pinnedSince?: string;
}

/** What other programs of this machine honour; we go straight, and a test says so. */
export interface ProxyHere {
  /** `HTTPS_PROXY`; there may be a login in it. */
  readonly address: string;
  /** `NO_PROXY`. */
  readonly exceptions: string;
}

/** Like curl, in upper or lower case; null where none is set. */
export function proxyOf(environment: Readonly<Record<string, string | undefined>>): ProxyHere | null {
  const address = environment.HTTPS_PROXY || environment.https_proxy || '';
  const exceptions = environment.NO_PROXY || environment.no_proxy || '';
  return address === '' ? null : { address, exceptions };
}

/**
 * Local addresses with a listener on `port`, read from the kernel's table; `undefined` unless one of
 * `addresses` belongs to this machine. Nothing is dialled.
 */
export async function localListeners(
  addresses: readonly string[],
  port: number,
): Promise<readonly string[] | undefined> {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map((one) => one.address));
  if (!addresses.some((address) => own.includes(address))) return undefined;
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'latin1').catch(() => '')),
  );
  return listenersIn(tables.join('\n'), port);
}

const LISTENING = '0A';

/** Reads the kernel's socket table (proc(5)): local address and port in hex, state third after it. */
export function listenersIn(table: string, port: number): string[] {
  const found = new Set<string>();
  for (const line of table.split('\n')) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', hexPort = ''] = local.split(':');
    if (state !== LISTENING || Number.parseInt(hexPort, 16) !== port) continue;
    found.add(address.length === 8 ? readIPv4(address) : readIPv6(address));
  }
  return [...found];
}

const readIPv4 = (hex: string): string =>
  [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');

/** Four little-endian words. */
function readIPv6(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [6, 4, 2, 0].map((at) => word.slice(at, at + 2))).join('');
  if (/^0+$/.test(bytes)) return '::';
  if (/^0{31}1$/.test(bytes)) return '::1';
  return (bytes.match(/.{4}/g) ?? []).join(':').toLowerCase();
}
