import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { freePort } from '../support/free-port.ts';
import {
  broker,
  closeAll,
  connectForeman,
  connectProxmox,
  type foreman,
  later,
  plainAnswer,
  type proxmox,
  upstream,
} from './support.ts';
import { run, secureBroker } from './tools.ts';

/**
 * The tools themselves, through routes that speak TLS, set up by nothing but what `tessera route snippet` prints. Tools
 * that no package brings are replayed byte for byte as they were seen on the wire.
 */
let server: Awaited<ReturnType<typeof broker>>;
let snippet: Awaited<ReturnType<typeof secureBroker>>['snippet'];
let pve: Awaited<ReturnType<typeof proxmox>>;
let fm: Awaited<ReturnType<typeof foreman>>;
let ca: string;
let caFile: string;
let securePort: number;
/** Tokens of callers, by the route they are for. */
let lab: string;
let inventory: string;
let metrics: string;
let labPort: number;

/** One request and its whole answer, over TLS 1.3 as Go programs insist on. */
function exchange(port: number, request: string): Promise<{ head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca, minVersion: 'TLSv1.3' });
    let text = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      socket.destroy();
      resolve({ head: text.slice(0, end), body: text.slice(end + 4) });
    });
    socket.on('close', () => reject(new Error(`closed after: ${text}`)));
    socket.write(request);
  });
}

beforeAll(async () => {
  ({ server, caFile, ca, securePort, snippet } = await secureBroker());
  [pve, fm] = await Promise.all([connectProxmox(server, 'rootToken'), connectForeman(server, 'adminToken')]);
  const service = await upstream(plainAnswer('written'));
  labPort = await freePort();
  // Reached below a path and, where a tool drops paths, at a port.
  await server.routeTo('lab', 'pve-lab');
  await server.routeTo('lab-port', 'pve-lab', {
    port: labPort,
    levels: { read: 'read:lab', power: 'power:lab', configure: 'configure:lab', all: 'all:lab' },
  });
  await server.routeTo('lab-host', 'pve-lab', {
    host: 'pve.localhost',
    by_path: false,
    levels: { read: 'read:lab', power: 'power:lab', configure: 'configure:lab', all: 'all:lab' },
  });
  await server.routeTo('inventory', 'fm');
  await server.route('metrics', service.url);
  lab = (await server.token('all:lab')).token;
  inventory = (await server.token('all:inventory')).token;
  metrics = (await server.token('read:metrics')).token;
});
afterAll(closeAll);

const secrets = (): string[] => [
  pve.credentials.rootToken.secret,
  fm.credentials.adminToken.token,
  Buffer.from(`${fm.credentials.adminToken.login}:${fm.credentials.adminToken.token}`).toString('base64'),
];

test('curl works as printed: PVEAPIToken, Basic and bearer, trusting only the local authority', async () => {
  for (const [route, token, expected] of [
    ['lab', lab, '"release"'],
    ['lab-port', lab, '"release"'],
    ['lab-host', lab, '"release"'],
    ['inventory', inventory, '"version":"1.24.3"'],
    ['metrics', metrics, 'written'],
  ] as const) {
    // Interactive, as where people paste: there `!` speaks of the history of commands.
    const env = { TESSERA_TOKEN: token, HOME: '/nonexistent' };
    const ran = await run('bash', ['--norc', '-i'], env, { stdin: await snippet(route, 'curl') });
    expect([route, ran.code, ran.stdout]).toEqual([route, 0, expect.stringContaining(expected)]);
    for (const secret of secrets()) expect(ran.stdout + ran.stderr).not.toContain(secret);
  }
  expect(pve.requests.at(-1)?.headers.authorization).toBe(`PVEAPIToken=${pve.credentials.rootToken.full}`);
});

/** Debian's release of proxmoxer, and a current one as `.ci/run` installs it: only that knows path prefixes. */
const pythons = await Promise.all(
  [
    { program: '/usr/bin/python3', env: {} },
    { program: 'python3', env: { PYTHONPATH: fileURLToPath(new URL('../../.python', import.meta.url)) } },
  ].map(async (each) => {
    const asked = await run(
      each.program,
      ['-c', 'import requests, proxmoxer; print(proxmoxer.__version__)'],
      each.env,
    );
    return { ...each, version: asked.code === 0 ? asked.stdout.trim() : null };
  }),
);
const found = pythons.filter((each) => each.version !== null);
if (found.length < pythons.length)
  process.stderr.write(
    `proxmoxer: ${found.length} of 2 releases are installed here; .ci/run installs both. The others are NOT tested.\n`,
  );

describe.skipIf(found.length === 0)('proxmoxer', () => {
  for (const { program, env, version } of found)
    for (const route of version?.startsWith('1.') ? ['lab-port'] : ['lab-port', 'lab'])
      test(`${version} works as printed for the route ${route}, and shows refusals in Tessera’s words`, async () => {
        const script = `${await snippet(route, 'proxmoxer')}
pool = "from-python-${version?.replaceAll('.', '-')}-${route}"
proxmox.pools.post(poolid=pool, comment="a=b & c")
print(proxmox.pools(pool).get()["comment"])
print([node["node"] for node in proxmox.nodes.get()])
task = proxmox.nodes("pve").qemu(9000).clone.post(newid=proxmox.cluster.nextid.get(), full=1)
print(proxmox.nodes("pve").tasks(task).status.get()["type"])
try:
    proxmox.access.ticket.post(username="root@pam", password="x")
except Exception as error:
    print("refused:", error)
`;
        const ran = await run(program, ['-c', script], { ...env, TESSERA_TOKEN: lab });
        expect([ran.code, ran.stderr]).toEqual([0, '']);
        expect(ran.stdout).toMatch(/'release'/);
        expect(ran.stdout).toContain('a=b & c');
        expect(ran.stdout).toContain("'pve'");
        expect(ran.stdout).toContain('qmclone');
        expect(ran.stdout).toMatch(
          /refused: 403 .*Tessera: POST \/api2\/json\/access\/ticket is not possible/,
        );
        for (const secret of secrets()) expect(ran.stdout).not.toContain(secret);
      });
});

test('proxmox-api, the client of npm, works with a fetch that puts the token where the secret would be', async () => {
  // It knows no secret that is not a UUID, and takes any fetch. Its types ask for an undici of their own.
  const client: string = 'proxmox-api';
  const { default: open } = await import(client);
  const dispatcher = new Agent({ connect: { ca } });
  later({ close: () => dispatcher.close() });
  const said: string[] = [];
  const api = open({
    host: 'localhost',
    port: labPort,
    tokenID: 'any@pve!any',
    tokenSecret: '00000000-0000-0000-0000-000000000000',
    fetch: (url: URL, init: { headers: Record<string, string>; method: string }) => {
      said.push(`${init.method} ${url.pathname}`);
      const headers = { ...init.headers, Authorization: `PVEAPIToken=any@pve!any=${lab}` };
      return undiciFetch(url, { ...init, headers, dispatcher });
    },
  });
  expect((await api.version.$get()).release).toBeDefined();
  expect((await api.nodes.$get()).map((node: { node: string }) => node.node).sort()).toEqual(['pve', 'pve2']);
  await api.pools.$post({ poolid: 'from-npm' });
  const refused = api.access.ticket.$post({ username: 'root@pam', password: 'x' });
  await expect(refused).rejects.toThrow(/403|Tessera/);
  expect(said).toContain('POST /api2/json/access/ticket');
});

describe('Terraform’s bpg provider, replayed', () => {
  test('accepts what is printed: https, no path, a token of the form it insists on', async () => {
    const text = await snippet('lab-port', 'terraform');
    expect(/endpoint += {1,2}"(.*)"/.exec(text.replace('  =', ' ='))?.[1]).toBe(
      `https://localhost:${labPort}/`,
    );
    const value = /api_token = "(.*)"/.exec(text)?.[1]?.replace(`$\{var.tessera_token}`, lab) ?? '';
    expect(value).toMatch(/^\S+@\S+!\S+=([a-zA-Z0-9-]+)$/);
    expect(text).toContain('TF_VAR_tessera_token="$TESSERA_TOKEN"');
    expect(text).toContain(`SSL_CERT_FILE=${caFile}`);
  });

  test('clones, follows, configures and deletes a machine with the bytes Go sends', async () => {
    const go = async (method: string, path: string, form: string | null = null): Promise<Answered> => {
      const body = form ?? '';
      const { head, body: answered } = await exchange(
        labPort,
        `${method} ${path} HTTP/1.1\r\nHost: localhost:${labPort}\r\nUser-Agent: Go-http-client/1.1\r\n` +
          (method === 'POST' || method === 'PUT' ? `Content-Length: ${body.length}\r\n` : '') +
          `Accept: application/json\r\nAuthorization: PVEAPIToken=any@pve!any=${lab}\r\n` +
          (form === null ? '' : 'Content-Type: application/x-www-form-urlencoded\r\n') +
          `Accept-Encoding: gzip\r\n\r\n${body}`,
      );
      const line = head.slice(9, head.indexOf('\r\n'));
      return { line, data: answered.startsWith('{') ? JSON.parse(answered).data : null };
    };
    expect((await go('GET', '/api2/json/version')).data.release).toBeDefined();
    const id = (await go('GET', '/api2/json/cluster/nextid')).data;
    const cloned = await go(
      'POST',
      '/api2/json/nodes/pve/qemu/9000/clone',
      `full=1&name=bumblebee&newid=${id}`,
    );
    expect(cloned.line).toMatch(/^200 /);
    const task = String(cloned.data).replaceAll('!', '%21');
    const status = () => go('GET', `/api2/json/nodes/pve/tasks/${task}/status`);
    for (let seen = await status(); seen.data?.status !== 'stopped'; seen = await status())
      expect(seen.line).toMatch(/^200 /);
    expect((await status()).data.exitstatus).toBe('OK');
    const before = pve.requests.length;
    expect((await go('PUT', `/api2/json/nodes/pve/qemu/${id}/config`, 'cores=4&sockets=2')).line).toMatch(
      /^200/,
    );
    expect((await go('POST', `/api2/json/nodes/pve/qemu/${id}/status/start`)).line).toMatch(/^200/);
    expect((await go('POST', `/api2/json/nodes/pve/qemu/${id}/status/stop`)).line).toMatch(/^200/);
    const removal = `/api2/json/nodes/pve/qemu/${id}/?destroy-unreferenced-disks=1&purge=1`;
    const deleted = await go('DELETE', removal);
    expect([200, 500]).toContain(Number(deleted.line.slice(0, 3)));
    const seen = pve.requests.slice(before);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toContain(`DELETE ${removal}`);
    const start = seen.find(({ url }) => url.endsWith('/status/start'));
    expect([start?.headers['content-length'], start?.headers['content-type']]).toEqual(['0', undefined]);
    for (const request of seen)
      expect(request.headers.authorization).toBe(`PVEAPIToken=${pve.credentials.rootToken.full}`);
    const gone = await go('GET', '/api2/json/nodes/pve/qemu/4711/config');
    expect(gone.line).toMatch(/^500 Configuration file .* does not exist$/);
  });
});

interface Answered {
  readonly line: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly data: any;
}

describe('hammer, replayed', () => {
  test('reads its description without a login, lists, shows and creates hosts, and repeats its calls as they were', async () => {
    const text = await snippet('inventory', 'hammer');
    const { ':foreman': set, ':ssl': ssl } = parse(text);
    expect(ssl).toEqual({ ':ssl_ca_file': caFile });
    const host = new URL(set[':host']);
    expect([host.port, host.pathname]).toEqual([String(securePort), '/connect/inventory']);
    const handed = /export FOREMAN_PASSWORD.*$/m.exec(text)?.[0] ?? '';
    const env = await run('sh', ['-c', `${handed}; printf '%s:%s' "$FOREMAN_USERNAME" "$FOREMAN_PASSWORD"`], {
      TESSERA_TOKEN: inventory,
    });
    const basic = `Authorization: Basic ${Buffer.from(env.stdout).toString('base64')}\r\n`;
    const hammer = (method: string, path: string, body = '', credential = basic) =>
      exchange(
        securePort,
        `${method} ${host.pathname}${path} HTTP/1.1\r\nAccept: application/json;version=2\r\n` +
          'Content-Type: application/json\r\nAccept-Language: en\r\n' +
          'Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\nUser-Agent: rest-client/2.1.0 (linux x86_64) ruby/2.7.4p191\r\n' +
          `${credential}${body === '' ? '' : `Content-Length: ${body.length}\r\n`}Host: ${host.host}\r\n\r\n${body}`,
      );
    const before = fm.requests.length;
    const described = await hammer('GET', '/apidoc/v2.en.json', '', '');
    expect(described.head).toMatch(/^HTTP\/1\.1 200 /);
    expect(described.head).toMatch(/\r\nApipie-Checksum: /i);
    const listed = await hammer('GET', '/api/hosts?page=1&per_page=1000');
    expect(listed.head).toMatch(/^HTTP\/1\.1 200 /);
    expect(listed.head).toMatch(/\r\nForeman_version: 1\.24\.3/i);
    expect(listed.head).not.toMatch(/set-cookie/i);
    const [first] = JSON.parse(listed.body).results;
    // The slash at the end of the packaged configuration makes two.
    const shown = await hammer('GET', `//api/hosts/${first.id}`);
    expect(JSON.parse(shown.body).name).toBe(first.name);
    const search = `search=name+%3D+%22${first.name}%22&per_page=1000&page=1`;
    expect(JSON.parse((await hammer('GET', `/api/hosts?${search}`)).body).subtotal).toBe(1);
    const wish = '{"location_id":1,"organization_id":1,"host":{"name":"new","build":true,"managed":true}}';
    const created = await hammer('POST', '/api/hosts', wish);
    const seen = fm.requests.slice(before);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /apidoc/v2.en.json',
      'GET /api/hosts?page=1&per_page=1000',
      `GET /api/hosts/${first.id}`,
      `GET /api/hosts?${search}`,
      'POST /api/hosts',
    ]);
    expect(created.head).toMatch(new RegExp(`^HTTP/1\\.1 ${seen.at(-1)?.status} `));
    expect(seen.at(-1)?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json;version=2',
      'content-length': String(wish.length),
    });
    expect(seen[0]?.headers.authorization).toBeUndefined();
    const refused = await hammer('GET', '/api/users/1/personal_access_tokens?page=1&per_page=1000');
    expect(refused.head).toMatch(/^HTTP\/1\.1 403 /);
    expect(JSON.parse(refused.body).error).toMatchObject({
      message: 'Access denied',
      details: expect.any(String),
    });
    // Nothing configured: hammer sends an empty pair.
    const nobody = await hammer('GET', '/api/hosts', '', 'Authorization: Basic Og==\r\n');
    expect(nobody.head).toMatch(/^HTTP\/1\.1 401 /);
    expect(nobody.head).not.toMatch(/www-authenticate/i);
    expect(JSON.parse(nobody.body).error.message).toMatch(/^Tessera: /);
  });
});

describe('osmo, replayed', () => {
  test('logs in at the route with a Tessera token, and its calls reach OSMO with the login of the connection', async () => {
    // Another Tessera is OSMO to this one: its dialect is that protocol.
    const osmo = await broker();
    const theirs = (await osmo.api('POST', '/tokens', { name: 'upstream', expires_in: '30d' })).json.token;
    await server.connection('osmo', {
      kind: 'osmo',
      url: osmo.url,
      trust: { mode: 'system' },
      credential: { secret: theirs },
      test: false,
    });
    await server.routeTo('pool', 'osmo');
    const { token } = await server.token('read:pool');
    // The client's own requests, made by a program of its name that the printed line finds first.
    const folder = await mkdtemp(join(tmpdir(), 'tessera-osmo-'));
    later({ close: () => rm(folder, { recursive: true }) });
    await writeFile(
      join(folder, 'osmo'),
      `#!/bin/sh
test "$1 $3" = 'login --method=token' || exit 2
file="\${4#--token-file=}"
test "$(stat -c %a "$file")" = 600 || exit 3
jwt=$(printf '{"token": "%s"}' "$(cat "$file")" | curl -fsS --cacert "$REQUESTS_CA_BUNDLE" "$2/api/auth/jwt/access_token" \\
  -A osmo-cli/6.4.0 -H 'Content-Type: application/json' --data @- | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')
curl -sS --cacert "$REQUESTS_CA_BUNDLE" -A osmo-cli/6.4.0 -H 'x-osmo-client-version: 6.4.0' -H 'Content-Type: application/json' \\
  -H "Authorization: Bearer $jwt" "$2/api/profile/settings" "$2/api/auth/access_token" -w '\\n%{http_code}\\n'
curl -sS --cacert "$REQUESTS_CA_BUNDLE" -A osmo-cli/6.4.0 -H 'Content-Type: application/json' \\
  -H "Authorization: Bearer $jwt" -H 'Content-Length: 0' -X POST "$2/api/auth/access_token/mine" -w '\\n%{http_code}\\n'
`,
      { mode: 0o755 },
    );
    const ran = await run('bash', ['--norc', '-c', await snippet('pool', 'osmo')], {
      HOME: folder,
      PATH: `${folder}:${process.env.PATH}`,
      TESSERA_TOKEN: token,
      TMPDIR: folder,
    });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const [settings = '', first, tokens = '', second, minted = '', third] = ran.stdout.trim().split('\n');
    expect([first, second, third]).toEqual(['200', '200', '403']);
    expect(JSON.parse(settings).token.name).toBe('upstream');
    expect(tokens).toContain('"upstream"');
    // Tokens of the other system are not to be had through a route.
    expect(JSON.parse(minted)).toMatchObject({ error_code: 'FORBIDDEN', message: expect.any(String) });
    expect(ran.stdout).not.toContain(theirs);
    // A login that is refused is refused here, in the client's words.
    const answer = await server.call('POST', '/connect/pool/api/auth/jwt/access_token', {
      body: { token: 'tsr-nonsense' },
    });
    expect([answer.status, answer.json.error_code]).toEqual([expect.any(Number), 'USER']);
    const used = (await server.rows('pool')).filter(
      ({ action }: { action: string }) => action === 'route.used',
    );
    expect(used.map(({ method, path }: { method: string; path: string }) => `${method} ${path}`)).toContain(
      'GET /api/profile/settings',
    );
  });
});
