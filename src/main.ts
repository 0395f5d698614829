import cluster from 'node:cluster';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { createApp } from './app.ts';
import { systemClock } from './base/clock.ts';
import { type Fault, fault } from './base/fault.ts';
import { err, ok, type Result } from './base/result.ts';
import { superviseWorkers } from './cluster.ts';
import { findMasterKeys, writeMasterKey } from './config/master-key.ts';
import { readSettings, type ServeFlags, type Settings } from './config/settings.ts';
import {
  emptyKeyring,
  type Keyring,
  keyringOf,
  keyText,
  MASTER_KEY_BYTES,
  parseKeyText,
} from './crypto/keyring.ts';
import { systemRandom } from './crypto/random.ts';
import { adoptConnection, type Environment, withEnvFile } from './env-file.ts';
import { holdsSealedValues } from './storage/peek.ts';
import { explainMalformed, nativeSpelling, parseToken, randomTokenParts } from './tokens/token-string.ts';

export const VERSION = '0.1.0';
/** As seen from the built program, which is in `dist/cli`. */
const WEB_FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));

/** Runs the server until a signal. Resolves with the exit code. */
export async function runServer(flags: ServeFlags, environment: Environment): Promise<number> {
  try {
    return await superviseOrServe(flags, environment);
  } finally {
    // The channel to the supervisor would keep a worker that is done alive.
    cluster.worker?.disconnect();
  }
}

async function superviseOrServe(flags: ServeFlags, told: Environment): Promise<number> {
  const found = await withEnvFile(process.cwd(), told);
  if (!found.ok) return refuse(found.error);
  const environment = found.value;
  const asked = settingsOf(flags, environment);
  if (!asked.ok) {
    for (const { name, message } of asked.error) complain(`${name} ${message}`);
    return 2;
  }
  // Before anything is built: the issuer of JWTs has the port in it.
  const { host } = asked.value.config;
  const port = asked.value.config.port === 0 ? await freePort(host) : ok(asked.value.config.port);
  if (!port.ok) return refuse(port.error);
  const settings = settingsOf({ ...flags, port: String(port.value) }, environment);
  if (!settings.ok) return 2;
  const { config } = settings.value;
  // Database, keys and anchor are nobody else's to read.
  process.umask(0o077);
  const folder = await prepareFolder(config.dataDir);
  if (!folder.ok) return refuse(folder.error);
  const keyring = await masterKeyring(settings.value);
  if (!keyring.ok) return refuse(keyring.error);

  if (config.workers > 1 && cluster.isPrimary) {
    // Schema, keys and the bootstrap secret are made once, before anybody else starts.
    const first = await open(settings.value, keyring.value);
    if (!first.ok) return refuse(first.error);
    const greeting = await greet(first.value, settings.value, told);
    await first.value.close();
    return superviseWorkers(config.workers, ['--port', String(config.port)], environment, () =>
      announce(settings.value, greeting),
    );
  }
  return serve(settings.value, keyring.value, told);
}

/** The settings, with a bootstrap token that its own check characters bear out. */
function settingsOf(flags: ServeFlags, environment: Environment): ReturnType<typeof readSettings> {
  const settings = readSettings(flags, environment);
  const token = settings.ok ? (settings.value.secrets.bootstrapToken?.reveal() ?? null) : null;
  if (token === null || parseToken(token) !== null) return settings;
  const message = `is not usable. ${explainMalformed(token)} Make one with 'tessera bootstrap-token'.`;
  return { ok: false, error: [{ name: 'TESSERA_BOOTSTRAP_TOKEN', message }] };
}

/** A port that nobody listens on at this moment. */
function freePort(host: string): Promise<Result<number>> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(err(listenFault(error, host, 0))));
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(ok(port)));
    });
  });
}

async function serve(settings: Settings, keyring: Keyring, told: Environment): Promise<number> {
  const { config } = settings;
  const opened = await open(settings, keyring);
  if (!opened.ok) return refuse(opened.error);
  const app = opened.value;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    await app.http.listen({ host: config.host, port: config.port });
  } catch (error) {
    await app.close();
    return refuse(listenFault(error as NodeJS.ErrnoException, config.host, config.port));
  }
  const { secureServer } = app;
  if (secureServer !== null && config.tlsPort !== null) {
    secureServer.listen(config.tlsPort, config.host);
    try {
      await once(secureServer, 'listening');
    } catch (error) {
      await app.close();
      return refuse(listenFault(error as NodeJS.ErrnoException, config.host, config.tlsPort));
    }
  }
  if (cluster.isPrimary) announce(settings, await greet(app, settings, told));
  await stopped;
  await app.close();
  return 0;
}

type App = Extract<Awaited<ReturnType<typeof createApp>>, { ok: true }>['value'];

async function open(settings: Settings, keyring: Keyring): Promise<Result<App>> {
  const log = pino({ level: settings.config.logLevel, base: { pid: process.pid } }, pino.destination(2));
  const app = await createApp({ settings, keyring, log, version: VERSION, webFolder: WEB_FOLDER });
  if (!app.ok) return app;
  const started = await app.value.start();
  if (started.ok) return app;
  await app.value.close();
  return started;
}

async function prepareFolder(folder: string): Promise<Result<void>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return ok(undefined);
  } catch (error) {
    return err(
      fault('unavailable', `The data folder ${folder} cannot be used: ${(error as Error).message}.`, {
        fix: 'Choose another with --data-dir, or change who may write there.',
      }),
    );
  }
}

/**
 * The master keys at hand. A new key file is made only for a database in which nothing is sealed yet: a key lost
 * is not replaced in silence.
 */
async function masterKeyring(settings: Settings): Promise<Result<Keyring>> {
  const { config, secrets } = settings;
  const present = await presentKeyring(settings);
  if (!present.ok) return present;
  if (present.value !== null) return ok(present.value);
  const sealed = await holdsSealedValues(config.dataDir, secrets.databaseUrl);
  if (!sealed.ok) return sealed;
  if (sealed.value) {
    // Another process at its first start may have made the key and sealed with it since we looked.
    const meanwhile = await presentKeyring(settings);
    if (!meanwhile.ok) return meanwhile;
    if (meanwhile.value !== null) return ok(meanwhile.value);
    complain(
      `The master key ${config.masterKeyFile} is missing, but this database was sealed with one. ` +
        'Tokens are still verified; everything that needs the key answers 503 until it is restored.',
    );
    return ok(emptyKeyring);
  }
  const text = keyText(systemRandom(MASTER_KEY_BYTES));
  const written = await writeMasterKey(config.masterKeyFile, text);
  if (!written.ok) return written;
  return written.value ? ok(keyringOf(parseKeyText(text) ?? [])) : masterKeyring(settings);
}

/** The keys of the environment or the key file; null when there are none. */
async function presentKeyring({ config, secrets }: Settings): Promise<Result<Keyring | null>> {
  const found = await findMasterKeys(config.masterKeyFile, secrets.masterKeys);
  if (found.state === 'absent') return ok(null);
  if (found.state === 'refused') return err(fault('unavailable', found.message, { fix: found.fix }));
  const keys = parseKeyText(found.text);
  if (keys !== null) return ok(keyringOf(keys));
  return err(
    fault(
      'unavailable',
      `${found.from} holds no master keys: one base64 key of 32 bytes a line is expected.`,
    ),
  );
}

/** What is said once the server listens. */
interface Greeting {
  /** How to make the first administrator, or null when there is one. */
  readonly bootstrap: string | null;
  /** The Proxmox VE that the settings of this folder lead to. */
  readonly proxmox: string | null;
}

async function greet(app: App, settings: Settings, told: Environment): Promise<Greeting> {
  return { bootstrap: await bootstrapOf(app, settings), proxmox: await proxmoxOf(app, told) };
}

async function bootstrapOf(app: App, settings: Settings): Promise<string | null> {
  if (!(await app.setup.isOpen())) return null;
  if (settings.secrets.bootstrapToken !== null) return 'the token in TESSERA_BOOTSTRAP_TOKEN';
  const parts = randomTokenParts(systemRandom);
  const offered = await app.setup.offer(parts);
  return offered.ok ? nativeSpelling(parts).reveal() : null;
}

/** A server starts without it, too: what is wrong with it is said, and the rest works. */
async function proxmoxOf({ connections }: App, environment: Environment): Promise<string | null> {
  const adopted = await adoptConnection({
    folder: process.cwd(),
    environment,
    connections,
    clock: systemClock,
  });
  if (adopted.ok) {
    if (adopted.value === null) return null;
    const { origin, name, trust } = adopted.value;
    return `${origin} (connection ${name}, ${trust})`;
  }
  const { message, fix } = adopted.error;
  return `not taken from .env: ${message}${fix === undefined ? '' : ` ${fix}`}`;
}

function announce({ config, secrets }: Settings, { bootstrap, proxmox }: Greeting): void {
  const url = config.publicUrl;
  const lines = [
    `Tessera ${VERSION} is listening on ${url}`,
    `  pages    ${url}`,
    `  data     ${secrets.databaseUrl === null ? config.dataDir : `PostgreSQL (keys and anchor in ${config.dataDir})`}`,
    `  API      ${url}/docs`,
  ];
  if (config.tlsPort !== null) {
    const secure = new URL(url);
    secure.protocol = 'https:';
    secure.port = String(config.tlsPort);
    lines.splice(1, 0, `  https    ${secure.origin}`);
  }
  if (proxmox !== null) lines.push(`  Proxmox  ${proxmox}`);
  if (bootstrap !== null) {
    lines.push(
      '',
      'No administrator yet. Make the first one with this one-time bootstrap secret:',
      '',
      `  ${bootstrap}`,
      '',
      `Open ${url}/setup in a browser, or run: npx tessera setup ${url}`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): Fault {
  switch (error.code) {
    case 'EADDRINUSE':
      return fault('unavailable', `Port ${port} on ${host} is in use.`, {
        fix: `Stop what listens there, or choose another port: tessera serve --port ${port + 1}`,
      });
    case 'EACCES':
      return fault('unavailable', `Port ${port} needs more rights than this user has.`, {
        fix: 'Choose a port above 1023 and put a reverse proxy in front.',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return fault('unavailable', `${host} is not an address of this machine.`, {
        fix: 'Use --host 127.0.0.1 or 0.0.0.0.',
      });
    default:
      return fault('unavailable', `Cannot listen on ${host} port ${port}: ${error.message}.`);
  }
}

const complain = (text: string): void => {
  process.stderr.write(`error: ${text}\n`);
};

function refuse(refusal: Fault): number {
  complain(refusal.message);
  if (refusal.fix !== undefined) process.stderr.write(`${refusal.fix}\n`);
  return 1;
}
