import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { broker, closeAll, connectForeman, connectProxmox } from './support.ts';

/** The table of docs/broker.md, call by call: the level a call needs, `anyone`, `never`, or `none` where no rule fits. */
type Needs = 'read' | 'power' | 'configure' | 'all' | 'anyone' | 'never' | 'none';
type Row = readonly [method: string, path: string, needs: Needs];

const GUEST = '/api2/json/nodes/pve/qemu/100';
const PROXMOX: readonly Row[] = [
  ['GET', '/api2/json/nodes', 'read'],
  ['HEAD', '/api2/json/version', 'read'],
  ['GET', '/api2/extjs/access/users', 'read'],
  ['GET', '/', 'none'],
  ['POST', `${GUEST}/status/start`, 'power'],
  ['POST', '/api2/json/nodes/pve/lxc/103/status/shutdown', 'power'],
  ['PUT', `${GUEST}/config`, 'configure'],
  ['POST', '/api2/json/nodes/pve/qemu/9000/clone', 'configure'],
  ['DELETE', `${GUEST}/`, 'configure'],
  ['POST', '/api2/json/nodes/pve/qemu', 'configure'],
  ['DELETE', '/api2/json/nodes/pve/storage/local/content/local:iso%2Fx.iso', 'configure'],
  ['POST', '/api2/json/nodes/pve/storage/local/upload', 'configure'],
  ['POST', '/api2/json/nodes/pve/vzdump', 'configure'],
  ['POST', '/api2/json/pools', 'configure'],
  ['POST', '/api2/json/cluster/ha/resources', 'configure'],
  ['GET', `${GUEST}/agent/file-read`, 'configure'],
  ['GET', `${GUEST}/cloudinit/dump`, 'configure'],
  ['POST', '/api2/json/storage', 'all'],
  ['PUT', '/api2/json/nodes/pve/dns', 'all'],
  ['POST', '/api2/json/access/ticket', 'never'],
  ['PUT', '/api2/json/access/password', 'never'],
  ['POST', '/api2/json/access/users/root@pam/token/x', 'never'],
  ['PUT', '/api2/json/access/acl', 'never'],
  ['POST', `${GUEST}/vncproxy`, 'never'],
  ['GET', `${GUEST}/vncwebsocket`, 'never'],
  ['POST', `${GUEST}/agent/exec`, 'never'],
  ['POST', '/api2/json/nodes/pve/execute', 'never'],
  ['POST', '/api2/json/nodes/pve/termproxy', 'never'],
];

const FOREMAN: readonly Row[] = [
  ['GET', '/apidoc/v2.en.json', 'anyone'],
  ['GET', '/apidoc/apipie_checksum', 'anyone'],
  ['GET', '/api/hosts', 'read'],
  ['GET', '/api/v2/hosts/1', 'read'],
  ['GET', '/users/login', 'none'],
  ['PUT', '/api/hosts/1/power', 'power'],
  ['PUT', '/api/v2/hosts/1/boot', 'power'],
  ['POST', '/api/hosts', 'configure'],
  ['DELETE', '/api/hosts/1', 'configure'],
  ['PUT', '/api/hostgroups/1', 'configure'],
  ['POST', '/api/domains', 'all'],
  ['DELETE', '/api/compute_resources/1', 'all'],
  ['GET', '/api/users/1/personal_access_tokens', 'never'],
  ['POST', '/api/users', 'never'],
  ['PUT', '/api/roles/1', 'never'],
  ['PUT', '/api/auth_source_ldaps/1', 'never'],
  ['GET', '/api/settings', 'never'],
  ['GET', '/api/hosts/1/enc', 'never'],
  ['GET', '/api/hosts/1/template/provision', 'never'],
];

const OSMO: readonly Row[] = [
  ['GET', '/api/workflow', 'read'],
  ['GET', '/api/auth/access_token', 'read'],
  ['POST', '/api/workflow', 'all'],
  ['DELETE', '/api/workflow/1', 'all'],
  ['POST', '/api/auth/access_token/mine', 'never'],
];

const GAFAELFAWR: readonly Row[] = [
  ['GET', '/auth/api/v1/user-info', 'read'],
  ['PUT', '/auth/api/v1/users/alice', 'all'],
  ['POST', '/auth/api/v1/tokens', 'never'],
  ['DELETE', '/auth/api/v1/users/alice/tokens/x', 'never'],
];

const HTTP: readonly Row[] = [
  ['GET', '/anything', 'read'],
  ['HEAD', '/anything', 'read'],
  ['POST', '/anything', 'all'],
  ['DELETE', '/anything/else', 'all'],
];

const LEVELS = ['read', 'power', 'configure', 'all'] as const;
/** Systems without machines have no more. */
const levelsOf = (route: string) =>
  route === 'proxmox' || route === 'foreman' ? LEVELS : (['read', 'all'] as const);

let server: Awaited<ReturnType<typeof broker>>;
const tokens = new Map<string, string>();

beforeAll(async () => {
  server = await broker();
  await connectProxmox(server, 'rootToken');
  await connectForeman(server, 'adminToken');
  const elsewhere = { url: 'https://elsewhere.example', trust: { mode: 'system' }, test: false };
  for (const kind of ['osmo', 'gafaelfawr'])
    await server.connection(kind, { kind, ...elsewhere, credential: { secret: server.admin } });
  for (const [route, connection] of [
    ['proxmox', 'pve-lab'],
    ['foreman', 'fm'],
    ['osmo', 'osmo'],
    ['gafaelfawr', 'gafaelfawr'],
  ] as const)
    await server.routeTo(route, connection);
  await server.route('http', 'https://elsewhere.example');
  for (const route of ['proxmox', 'foreman', 'osmo', 'gafaelfawr', 'http'])
    for (const level of levelsOf(route))
      tokens.set(`${level}:${route}`, (await server.token(`${level}:${route}`)).token);
});
afterAll(closeAll);

const check = async (route: string, method: string, path: string, level?: string) => {
  const token = level === undefined ? {} : { token: tokens.get(`${level}:${route}`) };
  return (await server.api('POST', `/routes/${route}/check`, { method, path, ...token })).json;
};

/** What the verdicts on a call add up to: the least level that is let through. */
async function needed(route: string, method: string, path: string): Promise<Needs> {
  if ((await check(route, method, path)).allowed) return 'anyone';
  for (const level of levelsOf(route)) if ((await check(route, method, path, level)).allowed) return level;
  return (await check(route, method, path, 'all')).rule === null ? 'none' : 'never';
}

describe.each([
  ['proxmox', PROXMOX],
  ['foreman', FOREMAN],
  ['osmo', OSMO],
  ['gafaelfawr', GAFAELFAWR],
  ['http', HTTP],
] as const)('the presets of %s', (route, rows) => {
  test.each(rows)('%s %s needs: %s', async (method, path, needs) => {
    expect(await needed(route, method, path)).toBe(needs);
  });
});

test.each([
  ['proxmox', PROXMOX],
  ['foreman', FOREMAN],
] as const)('the dry run and the relay of %s agree on every call with every level', async (route, rows) => {
  for (const [method, path] of rows)
    for (const level of LEVELS) {
      const verdict = await check(route, method, path, level);
      const answer = await server.call(method, `/connect/${route}${path}`, {
        token: tokens.get(`${level}:${route}`) ?? '',
      });
      const refused = answer.headers.get('tessera-refusal');
      expect([method, path, level, refused === null]).toEqual([method, path, level, verdict.allowed]);
      if (refused !== null) expect([method, path, answer.status]).toEqual([method, path, verdict.status]);
    }
});
