import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { keyText } from '../../src/crypto/keyring.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { PROGRAM, tessera } from '../support/process.ts';
import { closeAll, foreman, later, proxmox } from './support.ts';

afterEach(closeAll);

/** Ends the process as a mistake in the program would, when it is told to. */
const MISTAKE = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a mistake'); }));" +
    "if (process.env.MISTAKE_AT_END) process.once('beforeExit', () => { throw new Error('a mistake'); });",
)}`;

const childrenOf = async (pid: number): Promise<number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
};

/** Every command line that these processes and all below them have had while we looked. */
function watchProcesses() {
  const roots = new Set<number>();
  const seen = new Set<string>();
  const look = async (pid: number): Promise<void> => {
    seen.add((await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).replaceAll('\0', ' '));
    await Promise.all((await childrenOf(pid)).map(look));
  };
  let on = true;
  const ended = (async () => {
    while (on) {
      await Promise.all([...roots].map(look));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    add: (pid = 0) => void roots.add(pid),
    async stop(): Promise<string> {
      on = false;
      await ended;
      return [...seen].join('\n');
    },
  };
}

async function filesBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

/** Every row of every table, as a dump would show it, bytes as they are. */
async function dump({ url, folder }: TestDatabase): Promise<string> {
  if (url === null) return filesBelow(folder);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public'");
  const parts: string[] = [];
  for (const { tablename } of rows) {
    const found = await client.query(`select * from ${tablename}`);
    for (const row of found.rows)
      for (const value of Object.values(row))
        parts.push(Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value));
  }
  await client.end();
  return parts.join('\n');
}

/** As it is, as Basic would carry it, and as bytes are often written. */
const disguises = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
];

describe.each(ENGINES)('secrets handed to the program on %s', (engine) => {
  test('leave no trace in logs, process lists, crashes, shell history, backups or the database', async () => {
    const [pve, fore] = [await proxmox(), await foreman()];
    const database = await freshDatabase(engine);
    later({ close: database.drop });
    const place = await mkdtemp(join(tmpdir(), 'tessera-trace-'));
    later({ close: () => rm(place, { recursive: true, force: true }) });
    const reports = join(place, 'reports');
    await mkdir(reports);
    const port = await freePort();
    const hook = createServer((_request, response) => void response.writeHead(204).end());
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    later({ close: () => new Promise((resolve) => hook.close(resolve)) });

    const planted = {
      bootstrap: nativeSpelling(randomTokenParts(systemRandom)).reveal(),
      masterKey: keyText(new Uint8Array(32).fill(9)),
      webhook: 'canary-of-the-webhook',
      administrator: 'canary phrase of the owner',
      proxmoxToken: pve.credentials.flowToken.secret,
      proxmoxRoot: pve.credentials.root.password,
      proxmoxFallback: 'canary-fallback-password',
      foremanToken: fore.credentials.inventoryToken.token,
      foremanPassword: fore.credentials.inventory.password,
      foremanWrong: 'canary-wrong-foreman-password',
      http: 'canary-http-bearer',
      osmo: 'canary-osmo-personal-token',
    };
    // Some seeded passwords are words that stand everywhere.
    const canaries = Object.entries(planted).filter(([, secret]) => !['changeme'].includes(secret));
    const files: Record<string, string> = {
      admin: planted.administrator,
      bootstrap: planted.bootstrap,
      'pve-token': pve.credentials.flowToken.full,
      root: planted.proxmoxRoot,
      'foreman-token': `inventory:${planted.foremanToken}`,
      'foreman-password': planted.foremanPassword,
      'foreman-wrong': `inventory:${planted.foremanWrong}`,
      http: planted.http,
      osmo: planted.osmo,
      fallback: planted.proxmoxFallback,
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(place, name), text, { mode: 0o600 });
    await writeFile(join(place, 'pve.pem'), pve.ca);
    await writeFile(join(place, 'foreman.pem'), fore.ca);
    await writeFile(join(place, 'tessera'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
      mode: 0o755,
    });

    const processes = watchProcesses();
    const environment = {
      TESSERA_MASTER_KEY: planted.masterKey,
      TESSERA_BOOTSTRAP_TOKEN: planted.bootstrap,
      TESSERA_WEBHOOK_URL: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/${planted.webhook}`,
      ...(database.url === null ? {} : { TESSERA_DATABASE_URL: database.url }),
      NODE_OPTIONS: `--report-uncaught-exception --report-directory=${reports} --import ${MISTAKE}`,
    };
    const serve = ['serve', '--data-dir', database.folder, '--port', String(port), '--workers', '2'];
    const server = tessera(serve, environment);
    later({
      close: async () => {
        server.child.kill('SIGTERM');
        await server.finished;
      },
    });
    processes.add(server.child.pid);
    await server.says('is listening');

    // What a person does at a shell that keeps a history.
    const script = `
tessera setup http://127.0.0.1:${port} --username admin --secret-file bootstrap --password-file admin
tessera proxmox setup --non-interactive --host ${pve.url} --ca pve.pem --secret-file pve-token --node pve --ubuntu-2204 9000 --ubuntu-2004 none --store pve
tessera proxmox test
tessera proxmox permissions --for clone-vm
tessera proxmox token create --for inventory --name made --admin root@pam --admin-password-file root --save
tessera terraform export
tessera foreman create --name fore --url ${fore.url} --token-file foreman-token --ca foreman.pem
tessera foreman create --name wrong --url ${fore.url} --token-file foreman-wrong --ca foreman.pem
tessera foreman test wrong
tessera foreman token create --config-id fore --user inventory --name traced --expires 90d --password-file foreman-password --store
tessera connection create http --kind http --url http://127.0.0.1:${port} --method bearer --secret-file http
tessera connection create osmo --kind osmo --url http://127.0.0.1:${port} --secret-file osmo
tessera connection show pve --json
tessera connection list --json
tessera connection events --state all --json
tessera doctor --json
tessera audit --json
tessera backup create ${join(place, 'copy')} --data-dir ${database.folder}
MISTAKE_AT_END=yes tessera connection list
history -w
`;
    const shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: place,
      env: {
        PATH: `${place}:${process.env.PATH}`,
        HOME: place,
        HISTFILE: join(place, 'history'),
        ...environment,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    processes.add(shell.pid);
    let shown = '';
    for (const stream of [shell.stdout, shell.stderr])
      stream.on('data', (chunk) => {
        shown += chunk;
      });
    shell.stdin.end(`set -o history\n${script}`);
    await once(shell, 'close');

    const [worker] = await childrenOf(server.child.pid ?? 0);
    process.kill(worker ?? 0, 'SIGUSR2');
    await expect
      .poll(async () => (await readdir(reports)).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(2);

    const { stdout, stderr } = server.output();
    const history = await readFile(join(place, 'history'), 'utf8');
    const copy = await readFile(join(place, 'copy'), 'latin1');
    const everywhere = {
      'the log': stdout + stderr,
      'what was shown': shown,
      'crash reports': await filesBelow(reports),
      'lists of processes': await processes.stop(),
      'the history of the shell': history,
      'the backup': copy,
      'the database': await dump(database),
      'the data folder': await filesBelow(database.folder),
    };
    // Each of these places was really looked into.
    expect(shown).toContain('pve');
    expect(everywhere['crash reports']).toContain('a mistake');
    expect(everywhere['crash reports']).toContain('environmentVariables');
    expect(everywhere['lists of processes']).toContain('proxmox token create');
    expect(history).toContain('tessera foreman create');
    expect(everywhere['the database']).toContain('foreman');
    const found = Object.entries(everywhere).flatMap(([where, text]) =>
      canaries
        .filter(([, secret]) => disguises(secret).some((form) => text.includes(form)))
        .map(([name]) => `${name} in ${where}`),
    );
    expect(found).toEqual([]);
  }, 120_000);
});

test('a token typed after --token, as a guide says it, is gone from the list of processes before it is used', async () => {
  const secret = '-anaryCanaryCanaryCanA';
  const run = promisify(execFile);
  let seen = '';
  const server = createServer(async (_request, response) => {
    seen += (await run('ps', ['-eo', 'args'], { maxBuffer: 1 << 24 })).stdout;
    response.writeHead(503, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later({ close: () => new Promise((resolve) => server.close(resolve)) });
  const words = ['foreman', 'create', '--name', 'lab', '--url', 'https://foreman.example'];
  const asked = tessera([...words, '--token', `svc:${secret}`], {
    TESSERA_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    TESSERA_TOKEN: nativeSpelling(randomTokenParts(systemRandom)).reveal(),
  });
  expect((await asked.finished).code).toBe(1);
  expect(seen).toContain('ps -eo args');
  expect(seen).not.toContain(secret);
});
