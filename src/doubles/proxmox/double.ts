import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { type Cut, makeCuts } from '../cuts.ts';
import { type Doorway, openDoorway } from '../doorway.ts';
import type { LoggedRequest } from '../request-log.ts';
import { clockSkewMs, gateUnder, makeWardrobe } from '../transport-faults.ts';
import { callTable } from './calls/table.ts';
import type { Release } from './editions.ts';
import { changeOf, type ProxmoxFault } from './faults.ts';
import { type ProxmoxCredentials, seedCluster } from './seed.ts';
import type { Cluster, Step } from './state.ts';
import { serverHandlers } from './wire/server.ts';

export interface ProxmoxDoubleOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 9. */
  readonly release?: Release;
  readonly faults?: readonly ProxmoxFault[];
  /** Plain HTTP instead of TLS. */
  readonly http?: boolean;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Buffer;
  /** Multiplies the artificial delays (3 s before a 401, 5 s of silence); default 1, the real pace. */
  readonly delayScale?: number;
  /** Seconds an unused connection stays open; default 5. */
  readonly idleSeconds?: number;
  /** Milliseconds a clone takes; default 2000. */
  readonly cloneMs?: number;
  /** Milliseconds any other task takes; default 300. */
  readonly taskMs?: number;
  /** Milliseconds from start until the guest agent answers; default 2000. */
  readonly bootMs?: number;
}

export interface ProxmoxDouble {
  /** What a visitor types: scheme, host and port. */
  readonly url: string;
  readonly port: number;
  readonly release: Release;
  /** Of the certificate announced at the start. */
  readonly fingerprint: string;
  /** The cluster's own authority, PEM. */
  readonly ca: string;
  readonly credentials: ProxmoxCredentials;
  /** Everything received, newest last; at most the last 10,000. */
  readonly requests: readonly LoggedRequest[];
  /** The cluster behind the API, to look at and to change. */
  readonly cluster: Cluster;
  setFault(code: ProxmoxFault, on: boolean): Promise<void>;
  /** The named step answers 500 with `message`, or its task ends with it, for the next `times` occasions. */
  failStep(step: Step, message: string, times?: number): void;
  /** Guest agents answer that they are not running. */
  silenceAgent(on: boolean): void;
  /** Lists go on saying what guests did at this moment, and know nothing of later ones, as between two reports. */
  holdReports(): void;
  cutConnection(cut: Cut): void;
  /** The next `times` clones find their id taken by somebody else. */
  raceNextId(times: number): void;
  /** Each task started from now on is unknown to its first `reads` status calls. */
  delayTasks(reads: number): void;
  /** Leaves no free byte on the storage: full clones and growing disks fail in their tasks. */
  fillStorage(name: string): void;
  /** Takes back every order given to the hooks; faults stay. */
  calm(): void;
  close(): Promise<void>;
}

const KEPT_REQUESTS = 10_000;
const HEADER_BYTES = 8192;
const BAN_AFTER = 3;

/**
 * Starts a stand-in for a Proxmox VE cluster of two nodes on a loopback port.
 * Its answers follow the API of the chosen release, its cruelties included.
 */
export async function startProxmoxDouble(options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDouble> {
  const faults = new Set<string>();
  const realClock = options.clock ?? Date.now;
  const { cluster, credentials } = seedCluster({
    release: options.release ?? '9',
    clock: () => realClock() + clockSkewMs(faults),
    random: options.random ?? randomBytes,
    durations: {
      cloneMs: options.cloneMs ?? 2000,
      taskMs: options.taskMs ?? 300,
      bootMs: options.bootMs ?? 2000,
    },
    faults,
  });
  const wardrobe = await makeWardrobe(
    {
      authoritySubject: `CN=Proxmox Virtual Environment, OU=${cluster.random(16).toString('hex')}, O=PVE Cluster Manager CA`,
      leafSubject: 'OU=PVE Cluster Node, O=Proxmox Virtual Environment, CN=pve.lab.example',
      dnsNames: ['localhost', 'pve', 'pve.lab.example'],
    },
    realClock,
  );

  const requests: LoggedRequest[] = [];
  const cuts = makeCuts();
  const undo = new Map<ProxmoxFault, () => void>();
  let refusedLogins = 0;
  let face = await wardrobe.face(faults);

  const table = callTable(cluster, (node) => [
    {
      filename: 'pve-ssl.pem',
      fingerprint: node === 'pve2' ? cluster.nodes.get('pve2')?.fingerprint : face.certificate.fingerprint,
      subject: face.certificate.subject,
      issuer: wardrobe.authority.subject,
      notafter: Math.floor(face.certificate.notAfter.getTime() / 1000),
      san: face.certificate.names,
      pem: face.certificate.certPem,
    },
    { filename: 'pve-root-ca.pem', subject: wardrobe.authority.subject, pem: wardrobe.authority.pem },
  ]);

  const parts: { doorway?: Doorway } = {};
  const handlers = serverHandlers({
    cluster,
    table,
    cuts,
    log: (entry) => {
      requests.push(entry);
      if (requests.length > KEPT_REQUESTS) requests.shift();
    },
    delayScale: options.delayScale ?? 1,
    onRefusedLogin: () => {
      refusedLogins += 1;
      if (faults.has('BANNED') && refusedLogins >= BAN_AFTER) void parts.doorway?.shut();
    },
  });

  function showFace(): void {
    for (const node of cluster.nodes.values())
      if (node.name !== 'pve2') node.fingerprint = face.certificate.fingerprint;
    if (options.http !== true) parts.doorway?.wearTls(face.options);
  }

  async function setFault(code: ProxmoxFault, on: boolean): Promise<void> {
    if (faults.has(code) === on) return;
    if (on) {
      faults.add(code);
      const change = changeOf(code);
      if (change !== undefined) undo.set(code, change(cluster));
    } else {
      faults.delete(code);
      undo.get(code)?.();
      undo.delete(code);
    }
    if (code === 'BANNED') refusedLogins = 0;
    if (code.startsWith('TLS_') || code === 'CLOCK_HERE') {
      face = await wardrobe.face(faults);
      showFace();
    }
    if (code === 'REFUSED' && on) await parts.doorway?.shut();
    else if (code === 'REFUSED' || (code === 'BANNED' && !on)) await parts.doorway?.reopen();
  }

  const doorway = await openDoorway({
    port: options.port ?? 0,
    ...(options.http === true ? {} : { tls: face.options }),
    headerBytes: HEADER_BYTES,
    idleMs: (options.idleSeconds ?? 5) * 1000,
    gate: () => gateUnder(faults),
    ...handlers,
  });
  parts.doorway = doorway;
  showFace();
  const ordered = options.faults ?? [];
  for (const code of ordered) if (code !== 'TLS_CHANGED') await setFault(code, true);
  const { fingerprint } = face.certificate;
  // announced is the certificate before its change
  if (ordered.includes('TLS_CHANGED')) await setFault('TLS_CHANGED', true);

  const scheme = options.http === true || faults.has('HTTP_SCHEME') ? 'http' : 'https';
  return {
    url: `${scheme}://127.0.0.1:${doorway.port}`,
    port: doorway.port,
    release: options.release ?? '9',
    fingerprint,
    ca: wardrobe.authority.pem,
    credentials,
    requests,
    cluster,
    setFault,
    failStep: (step, message, times = 1) => void cluster.controls.failures.set(step, { message, times }),
    silenceAgent: (on) => {
      cluster.controls.agentSilent = on;
    },
    holdReports: () => {
      cluster.controls.reported = new Map(
        [...cluster.guests.values()].map(({ vmid, running }) => [vmid, running]),
      );
    },
    cutConnection: cuts.order,
    raceNextId: (times) => {
      cluster.controls.races = times;
    },
    delayTasks: (reads) => {
      cluster.controls.lateTaskReads = reads;
    },
    fillStorage: (name) => {
      const storage = cluster.storages.get(name);
      if (storage !== undefined) storage.used = storage.total;
    },
    calm: () => {
      cluster.controls.failures.clear();
      Object.assign(cluster.controls, { agentSilent: false, reported: null, races: 0, lateTaskReads: 0 });
      cuts.clear();
    },
    close: async () => {
      for (const timer of cluster.timers) clearTimeout(timer);
      cluster.timers.clear();
      await doorway.close();
    },
  };
}
