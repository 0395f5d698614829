import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { closeAll, connectForeman } from './support.ts';
import { type Ran, run, secureBroker } from './tools.ts';

/** apypie, through which Ansible's collection for Foreman makes its calls. It drops the path of its address. */
const PYTHONPATH = fileURLToPath(new URL('../../.python', import.meta.url));
const found = (await run('python3', ['-c', 'import apypie'], { PYTHONPATH })).code === 0;
if (!found) process.stderr.write('apypie is not installed here; .ci/run installs it. It is NOT tested.\n');

const OPEN = `
import apypie, os
api = apypie.ForemanApi(uri=os.environ["TESSERA_ROUTE_URL"], username="any", password=os.environ["TESSERA_TOKEN"],
                        verify_ssl=os.environ["CA"], apidoc_cache_base_dir=os.environ["CACHE"])
`;

describe.skipIf(!found)('apypie', () => {
  let tools: Awaited<ReturnType<typeof secureBroker>>;
  let fm: Awaited<ReturnType<typeof connectForeman>>;
  let port: number;

  beforeAll(async () => {
    tools = await secureBroker();
    fm = await connectForeman(tools.server, 'adminToken');
    port = await freePort();
    await tools.server.routeTo('inventory', 'fm', { port });
  });
  afterAll(closeAll);

  async function python(scope: string, script: string): Promise<Ran> {
    const { token } = await tools.server.token(scope);
    return run('python3', ['-c', OPEN + script], {
      PYTHONPATH,
      CA: tools.caFile,
      CACHE: `${tools.folder}/apypie`,
      TESSERA_ROUTE_URL: `https://localhost:${port}`,
      TESSERA_TOKEN: token,
    });
  }

  test('reads the description without a credential, lists, searches and shows hosts, and never sees the secret', async () => {
    const before = fm.requests.length;
    const ran = await python(
      'read:inventory',
      `
first = api.list("hosts")[0]
print(len(api.list("hosts")), [host["id"] for host in api.list("hosts", search='name = "%s"' % first["name"])] == [first["id"]])
print(api.show("hosts", first["id"])["name"] == first["name"], "users" in api.resources)
`,
    );
    expect([ran.code, ran.stderr, ran.stdout]).toEqual([0, '', '12 True\nTrue True\n']);
    const { login, token } = fm.credentials.adminToken;
    const basic = `Basic ${Buffer.from(`${login}:${token}`).toString('base64')}`;
    // Tessera's own look at the connection may come in between.
    const seen = fm.requests.slice(before).filter(({ url }) => url !== '/api/status');
    expect(seen.map(({ url, headers }) => [url.split('?', 1)[0], headers.authorization])).toEqual([
      ['/apidoc/v2.json', undefined],
      ['/api/hosts', basic],
      ['/api/hosts', basic],
      ['/api/hosts', basic],
      ['/api/hosts/1', basic],
    ]);
    expect(seen[3]?.url).toContain('search=name');
  });

  test('shows a refusal in Tessera’s words, and the call does not reach Foreman', async () => {
    const before = fm.requests.length;
    const ran = await python(
      'all:inventory',
      `
try:
    api.resource_action("personal_access_tokens", "create", {"user_id": 4})
except apypie.ForemanApiException as error:
    print(error)
`,
    );
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain("'message': 'Access denied', 'details': \"Tessera: POST /api/users/4/");
    expect(fm.requests.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
