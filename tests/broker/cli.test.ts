import { execFile } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { openDesk } from '../cli/harness.ts';
import { broker, closeAll, connectForeman, connectProxmox, later, plainAnswer, upstream } from './support.ts';

afterEach(closeAll);

async function desk() {
  const server = await broker();
  const opened = await openDesk();
  later({ close: () => opened.clear() });
  const env = { TESSERA_URL: server.url, TESSERA_TOKEN: server.admin };
  return {
    server,
    tessera: (line: readonly string[]) => opened.run(line, { env }),
  };
}

const shell = (
  script: string,
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', script], { env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
        stdout,
        stderr,
      }),
    );
  });

test('a route is made, shown, changed, checked and deleted from the command line', async () => {
  const { server, tessera } = await desk();
  const up = await upstream();
  const made = await tessera([
    'route',
    'create',
    'metrics',
    '--to',
    up.url,
    '--no-presets',
    '--rule',
    'POST|PUT /topics/** write:sasquatch',
    '--rule',
    'GET /health anyone',
  ]);
  expect([made.code, made.stderr]).toEqual([0, expect.stringContaining('tessera route snippet metrics')]);
  expect(made.stdout).toContain(`${server.url}/connect/metrics/`);
  expect(made.stdout).toContain('POST|PUT /topics/** write:sasquatch; GET /health anyone');
  expect((await tessera(['route', 'list'])).stdout).toContain('metrics');
  const { id } = await server.token('write:sasquatch');
  const allowed = await tessera(['route', 'check', 'metrics', id, 'POST', '/topics/x']);
  expect([allowed.code, allowed.stdout]).toEqual([0, expect.stringContaining('allowed')]);
  const refused = await tessera(['route', 'check', 'metrics', '-', 'DELETE', '/topics/x']);
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('refused with 403')]);
  const changed = await tessera(['route', 'update', 'metrics', '--host', 'metrics.example', '--no-path']);
  expect([changed.code, changed.stdout]).toEqual([0, expect.stringContaining('metrics.example')]);
  const check = async (...words: string[]) => (await tessera(['route', 'check', 'metrics', ...words])).code;
  // What was taken away comes back: the path, and the presets in place of the rules.
  expect(changed.stdout).not.toContain('/connect/metrics/');
  const restored = [
    '--path',
    '--host',
    '',
    '--presets',
    '--rule',
    '',
    '--pass-header',
    'X-A,X-B',
    '--idle',
    '60',
  ];
  const back = await tessera(['route', 'update', 'metrics', ...restored]);
  expect([back.code, back.stdout]).toEqual([0, expect.stringContaining(`${server.url}/connect/metrics/`)]);
  expect(back.stdout).toMatch(/Scopes +read:metrics, all:metrics\n/);
  expect(back.stdout).toMatch(/Passes on +x-a, x-b\n/i);
  expect(back.stdout).toMatch(/Limits +256 calls at once, 35 s to the first byte, 60 s idle\n/);
  expect(back.stdout).not.toMatch(/Rules|Host|write:sasquatch/);
  const reader = await server.api('POST', '/tokens', { name: 'reader', scopes: ['read:metrics'] });
  expect(reader.status).toBe(201);
  // Named as a person names it.
  expect(await check('reader', 'GET', '/topics/x')).toBe(0);
  expect(await check('reader', 'POST', '/topics/x')).toBe(1);
  const nobody = await tessera(['route', 'check', 'metrics', 'no-such', 'GET', '/']);
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("no token named 'no-such'")]);
  expect((await tessera(['route', 'delete', 'metrics', '--yes'])).code).toBe(0);
  expect((await tessera(['route', 'show', 'metrics'])).code).toBe(1);
});

test('a rule that does not read as one is explained', async () => {
  const { tessera } = await desk();
  const run = await tessera(['route', 'create', 'x', '--to', 'https://x.example', '--rule', 'POST /x']);
  expect([run.code, run.stderr]).toEqual([
    2,
    expect.stringContaining('--rule wants methods, a path and who may'),
  ]);
});

test('a rule keeps its commas, and a route that leads nowhere or to two places is explained', async () => {
  const { tessera } = await desk();
  const make = (...words: string[]) => tessera(['route', 'create', 'x', ...words]);
  const made = await make(
    '--to',
    'https://x.example',
    '--rule',
    'GET /a,b/* anyone',
    '--rule',
    'GET /c anyone',
  );
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('GET /a,b/* anyone; GET /c anyone')]);
  for (const words of [[], ['--to', 'https://x.example', '--connection', 'y']]) {
    const run = await make(...words);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('Give --connection or --to')]);
  }
});

test('the snippet for curl works as printed, for Proxmox and for Foreman, and the tool never sees the secret', async () => {
  const { server, tessera } = await desk();
  const _pve = await connectProxmox(server);
  const _fm = await connectForeman(server, 'inventoryToken');
  for (const [name, connection, expected] of [
    ['lab', 'pve-lab', '"release"'],
    ['hosts', 'fm', '"result"'],
  ] as const) {
    expect((await tessera(['route', 'create', name, '--connection', connection])).code).toBe(0);
    const snippet = await tessera(['route', 'snippet', name, '--for', 'curl']);
    const caller = await server.token(`read:${name}`);
    const run = await shell(snippet.stdout, { TESSERA_TOKEN: caller.token });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(expected);
  }
  const { stdout } = await tessera(['audit', '--route', 'lab']);
  const [id] = /(?<=token )\w{22}/.exec(stdout) ?? [];
  expect((await server.api('GET', `/tokens/${id}`)).json.scopes).toEqual(['read:lab']);
  expect(stdout).toMatch(
    /admin +route\.used +lab +200 GET \/api2\/json\/version 127\.0\.0\.1 token \w+ \d+ B \d+ ms/,
  );
  const unfit = await tessera(['route', 'snippet', 'lab', '--for', 'hammer']);
  expect([unfit.code, unfit.stdout, unfit.stderr]).toEqual([
    2,
    '',
    expect.stringContaining('--for curl, --for terraform, --for proxmoxer'),
  ]);
});

test('following the trail of one route shows its calls as they come, with who, token, size and time, and no others', async () => {
  const server = await broker();
  const desk = await openDesk();
  later({ close: () => desk.clear() });
  const up = await upstream(plainAnswer('eleven byte'));
  const rules = { presets: false, rules: [{ path: '/**', scopes: ['write:sasquatch'] }] };
  for (const name of ['lab', 'other']) await server.route(name, up.url, rules);
  const caller = await server.token('write:sasquatch');
  const call = (route: string, path: string) =>
    server.call('GET', `/connect/${route}${path}`, { token: caller.token });
  await call('lab', '/before');
  await server.rows('lab');
  const end = new AbortController();
  let begun: Promise<unknown> | undefined;
  const run = await desk.run(['audit', '--route', 'lab', '--follow', '--interval', '0.05', '--json'], {
    env: { TESSERA_URL: server.url, TESSERA_TOKEN: server.admin },
    signal: AbortSignal.any([end.signal, AbortSignal.timeout(20_000)]),
    onOutput(text) {
      if (text.includes('"/before"')) begun ??= call('other', '/elsewhere').then(() => call('lab', '/while'));
      if (text.includes('"/while"')) end.abort();
    },
  });
  await begun;
  const rows = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((row) => row.action === 'route.used');
  expect(rows.map(({ path }) => path)).toEqual(['/before', '/while']);
  expect(rows[1]).toMatchObject({
    actor: 'admin',
    token: caller.id,
    route: 'lab',
    method: 'GET',
    status: 200,
    detail: { bytes: 11, ms: expect.any(Number) },
  });
});

test('snippets of the other tools name the address of the route and never hold a token', async () => {
  const { server, tessera } = await desk();
  await server.route('lab', 'https://pve.example:8006', { port: 18006 });
  const { port, hostname } = new URL(server.url);
  const printed = async (tool: string) => (await tessera(['route', 'snippet', 'lab', '--for', tool])).stdout;
  expect(await printed('terraform')).toContain(`endpoint  = "https://${hostname}:18006/"`);
  expect(await printed('terraform')).toContain('api_token = "any@pve!any=$');
  expect(await printed('proxmoxer')).toContain('port=18006');
  expect(await printed('hammer')).toContain(`:host: 'http://${hostname}:18006'`);
  expect(await printed('osmo')).toContain('--method=token');
  await server.api('PATCH', '/routes/lab', { port: null });
  expect(await printed('proxmoxer')).toContain('path_prefix="connect/lab"');
  expect(await printed('hammer')).toContain(`:host: 'http://${hostname}:${port}/connect/lab'`);
  expect(await printed('terraform')).toContain('tessera route update lab --port 8006');
  for (const tool of ['terraform', 'proxmoxer', 'hammer', 'osmo', 'curl'])
    expect(await printed(tool)).not.toContain('tsr-');
});
