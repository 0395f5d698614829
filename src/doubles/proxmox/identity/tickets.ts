import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Cluster, now } from '../state.ts';

/** Seconds a ticket counts, and by how many a clock may lag behind the one that signed it. */
const TICKET_LIFE = 7200;
const CLOCK_TOLERANCE = 300;
const CONSOLE_TICKET_LIFE = 40;

const hexTime = (epoch: number): string => epoch.toString(16).toUpperCase().padStart(8, '0');

function signature(cluster: Cluster, purpose: string, text: string): string {
  return createHmac('sha512', cluster.ticketKey).update(`${purpose}\0${text}`).digest('base64');
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function fresh(cluster: Cluster, hex: string, life: number): boolean {
  const age = now(cluster) - Number.parseInt(hex, 16);
  return age > -CLOCK_TOLERANCE && age < life;
}

/** `PVE:user@realm:HHHHHHHH::signature`; the middle is the time of issue in hex. */
export function issueTicket(cluster: Cluster, user: string): string {
  const plain = `PVE:${user}:${hexTime(now(cluster))}`;
  return `${plain}::${signature(cluster, 'ticket', plain)}`;
}

/** Half a ticket: proves the password, and that a second factor is still owed. */
export function issueHalfTicket(cluster: Cluster, user: string, challenge: object): string {
  const body = `!tfa!${encodeURIComponent(JSON.stringify({ ...challenge, user }))}`;
  const plain = `PVE:${body}:${hexTime(now(cluster))}`;
  return `${plain}::${signature(cluster, 'ticket', plain)}`;
}

export type TicketReading =
  | { readonly kind: 'full' | 'half'; readonly user: string }
  | { readonly kind: 'invalid' };

export function readTicket(cluster: Cluster, ticket: string): TicketReading {
  const [, plain, body, time, given] = /^(PVE:(.+):([0-9A-F]{8}))::(.+)$/.exec(ticket) ?? [];
  if (plain === undefined || body === undefined || time === undefined || given === undefined)
    return { kind: 'invalid' };
  if (!same(given, signature(cluster, 'ticket', plain)) || !fresh(cluster, time, TICKET_LIFE))
    return { kind: 'invalid' };
  if (!body.startsWith('!tfa!')) return { kind: 'full', user: body };
  const { user } = JSON.parse(decodeURIComponent(body.slice(5))) as { user: string };
  return { kind: 'half', user };
}

/** Bound to the user and the hour, not to one ticket. */
export function issueCsrfToken(cluster: Cluster, user: string): string {
  const time = hexTime(now(cluster));
  return `${time}:${signature(cluster, 'csrf', `${time}:${user}`)}`;
}

export function csrfTokenCounts(cluster: Cluster, user: string, token: string | undefined): boolean {
  const [, time, given] = /^([0-9A-F]{8}):(.+)$/.exec(token ?? '') ?? [];
  if (time === undefined || given === undefined) return false;
  return same(given, signature(cluster, 'csrf', `${time}:${user}`)) && fresh(cluster, time, TICKET_LIFE);
}

/** Opens one console: bound to the caller and the guest, good for 40 seconds. */
export function issueConsoleTicket(cluster: Cluster, caller: string, path: string, port: number): string {
  const time = hexTime(now(cluster));
  return `PVEVNC:${time}::${signature(cluster, 'console', `${time}:${caller}:${path}:${port}`)}`;
}

export function consoleTicketCounts(
  cluster: Cluster,
  caller: string,
  path: string,
  port: number,
  ticket: string,
): boolean {
  const [, time, given] = /^PVEVNC:([0-9A-F]{8})::(.+)$/.exec(ticket) ?? [];
  if (time === undefined || given === undefined) return false;
  const expected = signature(cluster, 'console', `${time}:${caller}:${path}:${port}`);
  return same(given, expected) && fresh(cluster, time, CONSOLE_TICKET_LIFE);
}
