import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadGenerator } from './lib/load.ts';
import { describeMachine, takeLoadCore } from './lib/machine.ts';
import { ROOT, stopEverything } from './lib/processes.ts';
import { type Measurement, type Row, reportWith, reportWithout, tableOf } from './lib/result.ts';
import { QUICK, WHOLE } from './lib/scale.ts';
import { removeFolders } from './lib/tessera.ts';
import { betterAuth } from './rows/better-auth.ts';
import { broker } from './rows/broker.ts';
import { brokerJunk } from './rows/broker-junk.ts';
import { brokerLatency } from './rows/broker-latency.ts';
import { brokerSockets } from './rows/broker-sockets.ts';
import { brokerStreams } from './rows/broker-streams.ts';
import { connections } from './rows/connections.ts';
import { delegation } from './rows/delegation.ts';
import { guard } from './rows/guard.ts';
import { junk } from './rows/junk.ts';
import { machines } from './rows/machines.ts';
import { memory } from './rows/memory.ts';
import { page } from './rows/page.ts';
import { rates } from './rows/rates.ts';
import { revoke } from './rows/revoke.ts';
import { scale as storeScale } from './rows/scale.ts';
import { start } from './rows/start.ts';

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  guard,
  'better-auth': betterAuth,
  junk,
  delegation,
  scale: storeScale,
  memory,
  revoke,
  start,
  page,
  rates,
  broker,
  'broker-latency': brokerLatency,
  'broker-streams': brokerStreams,
  'broker-sockets': brokerSockets,
  'broker-junk': brokerJunk,
  machines,
  connections,
};

const words = process.argv.slice(2);
const scale = words.includes('quick') ? QUICK : WHOLE;
const names = words.filter((word) => word !== 'quick');
const unknown = names.filter((name) => !(name in MEASUREMENTS));
if (unknown.length > 0) {
  console.error(
    `No such measurement: ${unknown.join(', ')}. There are: ${Object.keys(MEASUREMENTS).join(', ')}.`,
  );
  process.exit(2);
}

takeLoadCore();
const rows: Row[] = [];
const date = new Date().toISOString().slice(0, 10);
const machine = [...describeMachine(), `load: ${loadGenerator}`];
const path = resolve(ROOT, 'bench/RESULTS.md');
const kept = await readFile(path, 'utf8').catch(() => '');
let report = names.length === 0 ? reportWithout(kept, machine) : kept;
try {
  for (const [name, measure] of Object.entries(MEASUREMENTS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.error(`${name} ...`);
    const made = await measure(scale, (text) => console.error(`  ${text}`));
    for (const row of made) console.error(`  ${row.what}: ${row.measured}  [${row.notes}]`);
    rows.push(...made);
    // A quick look is no result to keep. The others are kept one by one, should a later one fail.
    if (scale !== WHOLE) continue;
    report = reportWith(report, machine, made, date);
    await writeFile(path, report);
  }
} finally {
  await stopEverything();
  await removeFolders();
}

console.log(tableOf(rows, date));
