import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { type Cut, makeCuts } from '../cuts.ts';
import { openDoorway } from '../doorway.ts';
import type { LoggedRequest } from '../request-log.ts';
import { clockSkewMs, gateUnder, makeWardrobe } from '../transport-faults.ts';
import { callTable } from './calls/table.ts';
import type { ForemanFault } from './faults.ts';
import { type ForemanCredentials, seedForeman } from './seed.ts';
import { serverHandlers } from './server.ts';
import type { Foreman } from './state.ts';

export interface ForemanDoubleOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  readonly faults?: readonly ForemanFault[];
  /** Plain HTTP instead of TLS; there is no redirect then, as with `require_ssl` off. */
  readonly http?: boolean;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Buffer;
  /** How many hosts the inventory holds; default 12. */
  readonly hosts?: number;
}

export interface ForemanDouble {
  readonly url: string;
  readonly port: number;
  /** Of the certificate announced at the start. */
  readonly fingerprint: string;
  /** The authority that signed it, PEM. */
  readonly ca: string;
  readonly credentials: ForemanCredentials;
  /** Everything received, newest last; at most the last 10,000. */
  readonly requests: readonly LoggedRequest[];
  /** What is behind the API, to look at and to change. */
  readonly foreman: Foreman;
  setFault(code: ForemanFault, on: boolean): Promise<void>;
  cutConnection(cut: Cut): void;
  close(): Promise<void>;
}

const KEPT_REQUESTS = 10_000;
const HEADER_BYTES = 64 * 1024;
const IDLE_MS = 5000;

/** Starts a stand-in for a Foreman 1.24.3 on a loopback port. */
export async function startForemanDouble(options: ForemanDoubleOptions = {}): Promise<ForemanDouble> {
  const faults = new Set<string>();
  const realClock = options.clock ?? Date.now;
  const { foreman, credentials } = seedForeman({
    clock: () => realClock() + clockSkewMs(faults),
    random: options.random ?? randomBytes,
    faults,
    secureCookies: options.http !== true,
    hosts: options.hosts ?? 12,
  });
  const wardrobe = await makeWardrobe(
    {
      authoritySubject: 'CN=foreman.lab.example, OU=SomeOrgUnit, O=Katello, L=Raleigh, C=US',
      leafSubject: 'CN=foreman.lab.example, OU=SomeOrgUnit, O=Katello, C=US',
      dnsNames: ['localhost', 'foreman.lab.example'],
    },
    realClock,
  );
  const requests: LoggedRequest[] = [];
  const cuts = makeCuts();
  let face = await wardrobe.face(faults);
  const doorway = await openDoorway({
    port: options.port ?? 0,
    ...(options.http === true ? {} : { tls: face.options }),
    headerBytes: HEADER_BYTES,
    idleMs: IDLE_MS,
    gate: () => gateUnder(faults),
    ...serverHandlers({
      foreman,
      table: callTable(),
      cuts,
      log: (entry) => {
        requests.push(entry);
        if (requests.length > KEPT_REQUESTS) requests.shift();
      },
    }),
  });

  async function setFault(code: ForemanFault, on: boolean): Promise<void> {
    if (faults.has(code) === on) return;
    if (on) faults.add(code);
    else faults.delete(code);
    if (code.startsWith('TLS_') || code === 'CLOCK_HERE') {
      face = await wardrobe.face(faults);
      if (options.http !== true) doorway.wearTls(face.options);
    }
    if (code === 'REFUSED') await (on ? doorway.shut() : doorway.reopen());
  }

  const ordered = options.faults ?? [];
  for (const code of ordered) if (code !== 'TLS_CHANGED') await setFault(code, true);
  const { fingerprint } = face.certificate;
  // announced is the certificate before its change
  if (ordered.includes('TLS_CHANGED')) await setFault('TLS_CHANGED', true);

  return {
    url: `${options.http === true ? 'http' : 'https'}://127.0.0.1:${doorway.port}`,
    port: doorway.port,
    fingerprint,
    ca: wardrobe.authority.pem,
    credentials,
    requests,
    foreman,
    setFault,
    cutConnection: cuts.order,
    close: doorway.close,
  };
}
