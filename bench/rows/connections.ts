import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { asConnection } from '../lib/as-connection.ts';
import { SERVER_CORE } from '../lib/machine.ts';
import { median, mib, ms } from '../lib/numbers.ts';
import { PROGRAM, type ServerProcess } from '../lib/processes.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import { startRelay } from '../lib/relay.ts';
import type { Measurement, Row } from '../lib/result.ts';
import type { Scale } from '../lib/scale.ts';
import { newFolder, post, serve, setUp } from '../lib/tessera.ts';

const OWN_LIMIT_MS = 50;
const SIDE_BY_SIDE = 10;
/** Ten tests may take this many times what one takes. */
const SIDE_BY_SIDE_LIMIT = 2;
/** How much later each answer of the other system comes while tests run side by side: as over a long line. */
const LINE_MS = 50;
const HOSTS = 10_000;
const MEMORY_LIMIT = 150 * 2 ** 20;

/** What a test of a connection costs beside the waiting, ten of them at once, and a long list of hosts. */
export const connections: Measurement = async (scale) => [
  ...(await ownTime(scale)),
  await sideBySide(scale),
  ...(await longList()),
];

/** Everything a clone needs is looked at, so that no layer of the test is left out. */
const EXPECT = {
  task: 'clone-vm',
  node: 'pve',
  templates: [{ id: 9000, version: '22.04' }],
  storage: 'local-lvm',
  bridge: 'vmbr0',
};

async function ownTime(scale: Scale): Promise<Row[]> {
  const server = await serve(await newFolder());
  const admin = await setUp(server);
  const doubles = {
    proxmox: await startProxmoxDouble({ delayScale: 0 }),
    foreman: await startForemanDouble({ hosts: 1000 }),
  };
  const secrets = {
    proxmox: doubles.proxmox.credentials.flowToken.full,
    foreman: doubles.foreman.credentials.adminToken.pair,
  };
  const rows: Row[] = [];
  for (const kind of ['proxmox', 'foreman'] as const) {
    const relay = await startRelay(doubles[kind].port);
    await post(server, '/api/v1/connections', admin, {
      ...asConnection(kind, kind, doubles[kind], secrets[kind], `https://127.0.0.1:${relay.port}`),
      ...(kind === 'proxmox' ? { expect: EXPECT } : {}),
    });
    const once = async (): Promise<{ whole: number; own: number }> => {
      relay.owedMs();
      const startedAt = performance.now();
      const report = await post(server, `/api/v1/connections/${kind}/test`, admin, {
        ...(kind === 'proxmox' ? { expect: EXPECT } : {}),
      });
      const whole = performance.now() - startedAt;
      if (report.verdict !== 'healthy')
        throw new Error(`A healthy ${kind} is said to be otherwise: ${JSON.stringify(report)}`);
      return { whole, own: whole - relay.owedMs() };
    };
    for (let count = 0; count < 5; count++) await once();
    const tests = await takeSamples(scale.starts, once);
    relay.close();
    const own = tests.kept.map((test) => test.own);
    rows.push({
      what: `own time of a test of a healthy ${kind} connection`,
      target: `<= ${OWN_LIMIT_MS} ms`,
      measured: `${ms(median(own))} (${ms(Math.min(...own))}-${ms(Math.max(...own))})`,
      met: median(own) <= OWN_LIMIT_MS,
      notes: `of ${ms(median(tests.kept.map(({ whole }) => whole)))} in all, the rest the other system had to answer; ${samplesText(tests, 'tests')}`,
    });
  }
  await Promise.all([server.stop(), doubles.proxmox.close(), doubles.foreman.close()]);
  return rows;
}

async function sideBySide(scale: Scale): Promise<Row> {
  const server = await serve(await newFolder());
  const admin = await setUp(server);
  const double = await startProxmoxDouble({ delayScale: 0 });
  const { full } = double.credentials.flowToken;
  const relay = await startRelay(double.port, LINE_MS);
  for (let count = 0; count < SIDE_BY_SIDE; count++)
    await post(server, '/api/v1/connections', admin, {
      ...asConnection(`pve-${count}`, 'proxmox', double, full, `https://127.0.0.1:${relay.port}`),
      test: false,
    });
  const doctor = async (query: string, expected: number): Promise<number> => {
    const startedAt = performance.now();
    const answer = await fetch(`${server.url}/api/v1/doctor${query}`, {
      headers: { authorization: `Bearer ${admin}` },
    });
    const { items } = (await answer.json()) as { items: { report?: { verdict?: string } }[] };
    const healthy = items.filter(({ report }) => report?.verdict === 'healthy').length;
    if (healthy !== expected) throw new Error(`${healthy} of ${expected} connections are healthy`);
    return performance.now() - startedAt;
  };
  await doctor('', SIDE_BY_SIDE);
  const pairs = await takeSamples(scale.pairs, async () => {
    const one = await doctor('?connection=pve-0', 1);
    return { one, ten: await doctor('', SIDE_BY_SIDE) };
  });
  relay.close();
  await Promise.all([server.stop(), double.close()]);
  const ratios = pairs.kept.map(({ one, ten }) => ten / one);
  return {
    what: `time of ${SIDE_BY_SIDE} connections tested by one call, against one`,
    target: `<= ${SIDE_BY_SIDE_LIMIT.toFixed(1)}`,
    measured: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`,
    met: median(ratios) <= SIDE_BY_SIDE_LIMIT,
    notes: `${ms(median(pairs.kept.map(({ ten }) => ten)))} against ${ms(median(pairs.kept.map(({ one }) => one)))}, each answer ${LINE_MS} ms late; ${samplesText(pairs, 'pairs')}`,
  };
}

async function longList(): Promise<Row[]> {
  const server = await serve(await newFolder());
  const admin = await setUp(server);
  const double = await startForemanDouble({ hosts: HOSTS });
  const { pair } = double.credentials.adminToken;
  await post(server, '/api/v1/connections', admin, asConnection('foreman', 'foreman', double, pair));
  // Signing in takes more for a moment (a password is hashed); what counts is the list.
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5');
  const before = peakOf(server.pid);
  const listed = await listHosts(server, admin);
  const peaks = { server: peakOf(server.pid), 'command line': listed.peak };
  await Promise.all([server.stop(), double.close()]);
  if (listed.lines < HOSTS) throw new Error(`${listed.lines} lines were printed for ${HOSTS} hosts`);
  return Object.entries(peaks).map(([who, peak]) => ({
    what: `memory of the ${who} while ${HOSTS.toLocaleString('en')} hosts of Foreman are listed`,
    target: `< ${mib(MEMORY_LIMIT)}`,
    measured: mib(peak),
    met: peak < MEMORY_LIMIT,
    notes: `largest resident memory${who === 'server' ? `; it was ${mib(before)} before` : `; ${listed.lines.toLocaleString('en')} lines printed`}`,
  }));
}

/** `tessera foreman hosts`, as a person types it. */
async function listHosts(
  server: ServerProcess,
  token: string,
): Promise<{ readonly lines: number; readonly peak: number }> {
  const child = spawn('taskset', ['-c', String(SERVER_CORE), process.execPath, PROGRAM, 'foreman', 'hosts'], {
    env: { ...process.env, TESSERA_URL: server.url, TESSERA_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  let peak = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines += 1;
  });
  const look = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, 10);
  const [code] = await once(child, 'close');
  clearInterval(look);
  if (code !== 0) throw new Error(`The list of hosts ended with ${code}`);
  return { lines, peak };
}

/** Bytes; 0 for a process that has ended. */
function peakOf(pid: number): number {
  try {
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return 0;
  }
}
