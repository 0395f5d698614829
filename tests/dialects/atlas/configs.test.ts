import { spawn } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bench, bench, closeAll, foreman } from '../../connections/support.ts';

afterEach(closeAll);

/** Runs a command line as a person would paste it. */
function shell(command: string, environment: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { env: { ...process.env, ...environment } });
    let text = '';
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}

const atlas = (server: Bench, method: string, path: string, body?: unknown, token = server.admin) =>
  server.call(method, `/api/foreman${path}`, { token, ...(body === undefined ? {} : { body }) });

describe('Foreman configurations as Atlas has them', () => {
  test('the commands of the guide create and test a configuration as they stand', async () => {
    const [server, double] = [await bench(), await foreman()];
    const { inventoryToken } = double.credentials;
    const made = await shell(
      `curl -s -X POST "$ATLAS/api/foreman/configs" \\
        -H "Authorization: Bearer $ATLAS_TOKEN" \\
        -H "Content-Type: application/json" \\
        -d '{
          "name": "Production Foreman",
          "base_url": "https://foreman.example.com",
          "token": "username:your_personal_access_token",
          "verify_ssl": true
        }'`,
      { ATLAS: server.url, ATLAS_TOKEN: server.admin },
    );
    const config = JSON.parse(made);
    expect(config).toMatchObject({
      name: 'Production Foreman',
      base_url: 'https://foreman.example.com',
      username: 'username',
      verify_ssl: true,
      has_credentials: true,
    });
    expect(made).not.toContain('your_personal_access_token');

    await atlas(server, 'PUT', `/configs/${config.id}`, {
      base_url: double.url,
      token: inventoryToken.pair,
      verify_ssl: false,
    });
    const tested = await shell(
      `curl -s "$ATLAS/api/foreman/configs/$ID/test" -H "Authorization: Bearer $ATLAS_TOKEN"`,
      { ATLAS: server.url, ATLAS_TOKEN: server.admin, ID: config.id },
    );
    expect(JSON.parse(tested)).toMatchObject({
      status: 'success',
      message: 'Successfully connected to Foreman',
      base_url: double.url,
      foreman_version: '1.24.3',
      login: inventoryToken.login,
    });
  });

  test('login and token are understood together and apart, and stored alike', async () => {
    const server = await bench();
    const secret = '-9RxkLmNpQrStUvWxYz01Q';
    const base_url = 'https://foreman.example.com/';
    const made = [
      { name: 'a', base_url, token: `svc:${secret}` },
      { name: 'b', base_url, token: secret, username: 'svc' },
      { name: 'c', base_url, token: `svc:${secret}`, username: 'svc' },
      { name: 'd', base_url, token: ` svc:${secret}\n`, username: null },
    ];
    for (const body of made) {
      const answer = await atlas(server, 'POST', '/configs', body);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json).toMatchObject({ username: 'svc', base_url: 'https://foreman.example.com' });
      expect(answer.text).not.toContain(secret);
    }
    const list = await server.call('GET', '/foreman/configs', { token: server.admin });
    expect(list.json).toHaveLength(4);
    expect(list.json).toEqual((await atlas(server, 'GET', '/configs')).json);
    expect(list.text).not.toContain(secret);
  });

  test('a change keeps what is absent, and deleting takes the token away', async () => {
    const server = await bench();
    const made = await atlas(server, 'POST', '/configs', {
      name: 'a',
      base_url: 'https://foreman.example.com',
      token: 'svc:012345678901234567890A',
    });
    const { id } = made.json;
    const renamed = await atlas(server, 'PUT', `/configs/${id}`, { name: 'b' });
    expect(renamed.json).toMatchObject({ id, name: 'b', username: 'svc', verify_ssl: true });
    expect((await atlas(server, 'GET', `/configs/${id}`)).json.name).toBe('b');
    const gone = await atlas(server, 'DELETE', `/configs/${id}`);
    expect([gone.status, gone.json]).toEqual([200, { status: 'deleted' }]);
    const again = await atlas(server, 'DELETE', `/configs/${id}`);
    expect([again.status, again.json]).toEqual([404, { detail: 'Foreman configuration not found' }]);
  });

  test('every refusal has the status and the shape that Atlas gives it', async () => {
    const server = await bench();
    const good = { name: 'a', base_url: 'https://f.example', token: 'svc:012345678901234567890A' };
    await atlas(server, 'POST', '/configs', good);
    const cases: [object, number][] = [
      [good, 400],
      [{ ...good, name: 'b', base_url: '  ' }, 400],
      [{ ...good, name: 'b', token: ' ' }, 400],
      [{ ...good, name: ' ' }, 400],
      [{ ...good, name: 'b', token: 'nologin' }, 400],
      [{ ...good, name: 'b', username: 'other' }, 400],
      [{ ...good, name: 'b', base_url: 'ftp://f.example' }, 400],
      [{ ...good, name: 'b', base_url: 'https://u:canary-password@f.example' }, 400],
      [{ ...good, name: 'b', base_url: 'https://f.example/?q=1' }, 400],
      [{ ...good, name: 'n'.repeat(81) }, 422],
      [{ ...good, name: 7 }, 422],
      [{ ...good, name: 'b', verify_ssl: 'yes' }, 422],
      [{ name: 'b' }, 422],
    ];
    for (const [body, status] of cases) {
      const answer = await atlas(server, 'POST', '/configs', body);
      expect(answer.status, `${JSON.stringify(body)} ${answer.text}`).toBe(status);
      expect(status === 422 ? Array.isArray(answer.json.detail) : typeof answer.json.detail).toBe(
        status === 422 ? true : 'string',
      );
      expect(answer.text).not.toContain('canary-password');
      expect(answer.text).not.toContain('012345678901234567890A');
    }
    const bad = await server.call('POST', '/api/foreman/configs', {
      token: server.admin,
      body: '{broken',
    });
    expect([bad.status, typeof bad.json.detail]).toEqual([400, 'string']);
    expect((await atlas(server, 'GET', '/nothing/here')).json).toEqual({ detail: 'Not Found' });
    expect((await atlas(server, 'GET', '/hosts?config_id=none')).status).toBe(404);
  });

  test('whoever is nobody or no administrator is turned away on every route of configurations', async () => {
    const server = await bench();
    const bob = await server.user('bob');
    for (const [method, path] of [
      ['GET', '/configs'],
      ['POST', '/configs'],
      ['GET', '/configs/x'],
      ['PUT', '/configs/x'],
      ['DELETE', '/configs/x'],
      ['GET', '/configs/x/test'],
    ] as const) {
      const nobody = await server.call(method, `/api/foreman${path}`);
      expect([nobody.status, nobody.json]).toEqual([401, { detail: 'Unauthorized' }]);
      expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
      const forbidden = await atlas(server, method, path, method === 'GET' ? undefined : {}, bob);
      expect([forbidden.status, forbidden.json]).toEqual([403, { detail: 'Admin access required' }]);
    }
    const hosts = await atlas(server, 'GET', '/hosts', undefined, bob);
    expect([hosts.status, hosts.json]).toEqual([
      403,
      { detail: 'Foreman access requires additional permissions' },
    ]);
  });
});

describe('what Foreman knows, in the words of Atlas', () => {
  async function configured() {
    const [server, double] = [await bench(), await foreman({ hosts: 120 })];
    const made = await atlas(server, 'POST', '/configs', {
      name: 'a',
      base_url: double.url,
      token: double.credentials.adminToken.pair,
      fingerprint: double.fingerprint,
    });
    expect(made.status, made.text).toBe(200);
    return { server, double, id: made.json.id as string };
  }

  test('hosts and hypervisors come from the first configuration unless another is named', async () => {
    const { server, id } = await configured();
    const hosts = await atlas(server, 'GET', '/hosts');
    expect(hosts.json).toMatchObject({
      total: 120,
      config_id: id,
      meta: { host_count: 120, source: 'live' },
    });
    expect(hosts.json.results).toHaveLength(120);
    const named = await atlas(server, 'GET', `/hypervisors?config_id=${id}`);
    expect(named.json.total).toBe(named.json.results.length);
    const refreshed = await atlas(server, 'POST', `/${id}/refresh`);
    expect(refreshed.json).toMatchObject({ config_id: id, meta: { host_count: 120 } });
    expect(refreshed.json.hosts).toHaveLength(120);

    const [host] = hosts.json.results;
    expect((await atlas(server, 'GET', `/hosts/${host.name}`)).json.id).toBe(host.id);
    for (const part of ['puppet-classes', 'puppet-parameters', 'puppet-facts']) {
      const found = await atlas(server, 'GET', `/hosts/${host.name}/${part}`);
      expect(found.status, found.text).toBe(200);
      expect(found.json.total).toBeGreaterThan(0);
    }
    expect((await atlas(server, 'GET', `/hosts/${host.name}/puppet-status`)).json).toHaveProperty(
      'configuration_status',
    );
    const unknown = await atlas(server, 'GET', '/hosts/no-such-host');
    expect(unknown.status, unknown.text).toBe(404);
    expect((await atlas(server, 'GET', '/instances')).json[0]).toMatchObject({ id, has_credentials: true });
  });

  test('a test that fails answers 200 and says why in a word a program can read', async () => {
    const { server, double, id } = await configured();
    const rows = [
      ['TOKEN_REFUSED', 'auth', 'Authentication failed: '],
      ['LOCKED_OUT', 'lockout', 'Authentication failed: '],
      ['PERMISSION_MISSING', 'permission', 'Authentication failed: '],
      ['HTML_BODY', 'not_foreman', 'Connection failed: '],
      ['REDIRECTED', 'redirect', 'Connection failed: '],
      ['TLS_CHANGED', 'tls', 'Connection failed: '],
      ['REFUSED', 'network', 'Connection failed: '],
    ] as const;
    for (const [fault, reason, words] of rows) {
      // Refused logins are counted; what was counted is forgotten after minutes.
      server.pass(900);
      await double.setFault(fault, true);
      const answer = await atlas(server, 'GET', `/configs/${id}/test`);
      expect(answer.status).toBe(200);
      expect(answer.json, fault).toMatchObject({ status: 'error', reason, base_url: double.url });
      expect(answer.json.message).toContain(words);
      await double.setFault(fault, false);
    }
    server.pass(900);
    await double.setFault('MIGRATION_PENDING', true);
    const hosts = await atlas(server, 'GET', '/hosts');
    expect(hosts.status).toBe(502);
    expect(hosts.json.detail).toContain('Foreman API error: ');
  });
});
