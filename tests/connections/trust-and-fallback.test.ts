import { afterEach, describe, expect, test } from 'vitest';
import { bench, closeAll, foreman, pinned, proxmox, proxmoxAsPve, proxmoxTarget } from './support.ts';

afterEach(closeAll);

describe('trust', () => {
  test('nothing is sent to a certificate that nobody vouches for, and the look at it sends nothing', async () => {
    const [server, double] = [await bench(), await proxmox()];
    const shown = await server.api('POST', '/connections/inspect', { url: double.url });
    expect(shown.json).toMatchObject({ trusted: false, changed: false });
    expect(shown.json.chain[0].fingerprint).toBe(double.fingerprint);
    expect(double.requests).toEqual([]);
    const { trust: _, ...untrusted } = proxmoxTarget(double);
    const tried = await server.api('POST', '/connections/test', untrusted);
    expect(tried.json).toMatchObject({ ok: false, exit_code: 3 });
    expect(JSON.stringify(double.requests)).not.toContain(double.credentials.flowToken.secret);
  });

  test('a changed certificate stops traffic, shows old and new, and raises one event', async () => {
    const [server, double] = [await bench(), await proxmox()];
    await server.api('POST', '/connections', proxmoxAsPve(double));
    expect((await server.api('GET', '/connections/pve/nodes')).json.items.length).toBeGreaterThan(0);
    await double.setFault('TLS_CHANGED', true);
    const before = double.requests.length;
    for (let turn = 0; turn < 2; turn += 1) {
      const test = await server.api('POST', '/connections/pve/test');
      expect(test.json.findings[0].code).toBe('TLS_CHANGED');
      expect(test.json.findings[0].sentence).toContain(double.fingerprint);
    }
    const shown = await server.api('POST', '/connections/pve/inspect-trust');
    expect(shown.json).toMatchObject({ changed: true, pinned: double.fingerprint, trusted: false });
    const present = shown.json.chain[0].fingerprint;
    expect(present).not.toBe(double.fingerprint);
    expect(double.requests.length).toBe(before);
    expect((await server.api('GET', '/connections/pve')).json.state).toBe('stopped');
    const events = (await server.api('GET', '/events')).json.items;
    expect(events.map((event: { kind: string }) => event.kind)).toEqual(['certificate_changed']);

    const repinned = await server.api('PATCH', '/connections/pve', {
      trust: { mode: 'pin', fingerprint: present },
    });
    expect(repinned.status, repinned.text).toBe(200);
    expect(repinned.json.connection.state).not.toBe('stopped');
  });

  test('verification is switched off only with a reason and an end within a year, and says so everywhere', async () => {
    const [server, double] = [await bench(), await proxmox()];
    const wish = (trust: object) => ({ ...proxmoxAsPve(double), trust });
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const refused: [object, number][] = [
      [{ mode: 'none', until: day(7) }, 400],
      [{ mode: 'none', reason: ' ', until: day(7) }, 400],
      [{ mode: 'none', reason: 'lab', until: day(-1) }, 400],
      [{ mode: 'none', reason: 'lab', until: day(400) }, 400],
      [{ mode: 'none', reason: 'lab', until: '2026-02-31' }, 422],
      [{ mode: 'pin', fingerprint: 'AB:CD' }, 400],
      [{ mode: 'ca', ca: 'no certificate' }, 400],
    ];
    for (const [trust, status] of refused)
      expect((await server.api('POST', '/connections', wish(trust))).status, JSON.stringify(trust)).toBe(
        status,
      );
    const made = await server.api(
      'POST',
      '/connections',
      wish({ mode: 'none', reason: 'lab only', until: day(7) }),
    );
    expect(made.status, made.text).toBe(201);
    expect(made.json.connection.trust.warning).toContain('lab only');
    server.pass(8 * 86_400);
    const shown = await server.api('GET', '/connections/pve');
    expect(shown.json.state).toBe('stopped');
    const before = double.requests.length;
    expect((await server.api('GET', '/connections/pve/nodes')).status).toBe(502);
    expect(double.requests.length).toBe(before);
  });

  test('a stored secret never moves to another host', async () => {
    const [server, double] = [await bench(), await proxmox()];
    await server.api('POST', '/connections', proxmoxAsPve(double));
    const moved = await server.api('PATCH', '/connections/pve', {
      url: double.url.replace('127.0.0.1', 'localhost'),
      test: false,
    });
    expect(moved.status).toBe(400);
    expect(moved.json.errors[0].field).toBe('credential');
    const clear = await server.api('PATCH', '/connections/pve', {
      url: double.url.replace('https', 'http'),
      test: false,
    });
    expect(clear.status).toBe(400);
  });
});

describe('the fallback', () => {
  async function withFallback(enabled: boolean, password?: string) {
    const [server, double] = [await bench(), await proxmox()];
    const { maker, flowToken } = double.credentials;
    const made = await server.api('POST', '/connections', {
      ...proxmoxAsPve(double),
      fallback: { password: password ?? maker.password, enabled },
    });
    expect(made.status, made.text).toBe(201);
    expect(made.json.connection).toMatchObject({ has_fallback: true, fallback_identity: maker.user });
    // The token dies upstream.
    double.cluster.users.get(flowToken.user)?.tokens.delete(flowToken.name);
    const logins = () => double.requests.filter((request) => request.path.includes('/access/ticket'));
    return { server, double, logins };
  }

  test('is not used while nobody turned it on', async () => {
    const { server, logins } = await withFallback(false);
    const test = await server.api('POST', '/connections/pve/test');
    expect(test.json).toMatchObject({ ok: false, fell_back: false, exit_code: 4 });
    expect((await server.api('GET', '/connections/pve/nodes')).status).toBe(502);
    expect(logins()).toEqual([]);
  });

  test('is used after a refusal where it is turned on, visibly everywhere', async () => {
    const { server } = await withFallback(true);
    const nodes = await server.api('GET', '/connections/pve/nodes');
    expect(nodes.status, nodes.text).toBe(200);
    const test = await server.api('POST', '/connections/pve/test');
    expect(test.json, test.text).toMatchObject({
      ok: true,
      verdict: 'warnings',
      fell_back: true,
      method: 'password',
    });
    expect(test.json.findings[0].code).toBe('FELL_BACK');
    const kinds = (await server.api('GET', '/events')).json.items.map(
      (event: { kind: string }) => event.kind,
    );
    expect(kinds.sort()).toEqual(['credential_refused', 'fallback_used']);
    const actions = (await server.api('GET', '/audit')).json.items.map(
      (row: { action: string }) => row.action,
    );
    expect(actions).toContain('connection.fell_back');
    expect((await server.call('GET', '/metrics')).text).toContain(
      'tessera_connection_fallback_in_use{name="pve",kind="proxmox"} 1',
    );
  });

  test('never sends a refused password a second time', async () => {
    const { server, logins } = await withFallback(true, 'not-the-password');
    await server.api('POST', '/connections/pve/test');
    expect(logins()).toHaveLength(1);
    await server.api('POST', '/connections/pve/test');
    await server.api('GET', '/connections/pve/nodes');
    await server.api('GET', '/doctor');
    await server.app.tendConnections();
    await Promise.all([1, 2, 3].map(() => server.api('POST', '/connections/pve/test')));
    expect(logins()).toHaveLength(1);
  });

  test('a refused password as the credential is sent once, until it is stored anew', async () => {
    const [server, double] = [await bench(), await proxmox()];
    const { maker } = double.credentials;
    await server.api('POST', '/connections', {
      ...proxmoxAsPve(double),
      credential: { method: 'password', user: maker.user, secret: 'wrong-password' },
      test: false,
    });
    const logins = () => double.requests.filter((request) => request.path.includes('/access/ticket')).length;
    const first = await server.api('POST', '/connections/pve/test');
    expect(first.json.findings.at(-1).code).toBe('PASSWORD_BAD');
    const second = await server.api('POST', '/connections/pve/test');
    expect(second.json.findings[0].code).toBe('NOT_SENT_AGAIN');
    expect(logins()).toBe(1);
    const stored = await server.api('PATCH', '/connections/pve', {
      credential: { method: 'password', user: maker.user, secret: maker.password },
    });
    expect(stored.status, stored.text).toBe(200);
    expect(stored.json.report.ok).toBe(true);
  });
});

describe('credentials made for a purpose', () => {
  test('an administrator login makes a Proxmox token, is used once and is found nowhere afterwards', async () => {
    const [server, double] = [await bench(), await proxmox()];
    const { root } = double.credentials;
    const making = {
      kind: 'proxmox',
      url: double.url,
      trust: pinned(double),
      admin: { method: 'password', user: root.user, secret: root.password },
      wish: { name: 'inventory', user: 'tessera@pve', task: 'inventory' },
    };
    const made = await server.api('POST', '/connections/make-credential', { ...making, store_as: 'pve' });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({ secret: null, method: 'token', identity: 'tessera@pve!inventory' });
    const tested = await server.api('POST', '/connections/pve/test', { expect: { task: 'inventory' } });
    expect(tested.json.ok, tested.text).toBe(true);
    const rights = await server.api('GET', '/connections/pve/rights?for=inventory');
    expect(rights.json.missing, rights.text).toEqual([]);
    const unknown = await server.api('GET', '/connections/pve/rights?for=inventroy');
    expect(unknown.json).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ field: 'TASK_UNKNOWN', message: 'inventroy' }],
    });
    const rotated = await server.api('POST', '/connections/pve/rotate', {
      admin: { method: 'password', user: root.user, secret: root.password },
    });
    expect(rotated.status, rotated.text).toBe(200);
    expect(rotated.json.connection.credential_version).toBe(2);
    expect((await server.api('POST', '/connections/pve/test')).json.ok).toBe(true);
    const revoked = await server.api('POST', '/connections/pve/revoke-credential', {
      admin: { method: 'password', user: root.user, secret: root.password },
    });
    expect(revoked.json.method, revoked.text).toBeNull();
    expect(server.logged.join('\n')).not.toContain(root.password);
  });

  test('a Foreman token is made, listed, and used for hosts that arrive page by page', async () => {
    const [server, double] = [await bench(), await foreman({ hosts: 250 })];
    const { administrator } = double.credentials;
    const admin = { method: 'password', user: administrator.login, secret: administrator.password };
    const made = await server.api('POST', '/connections/make-credential', {
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      admin,
      wish: { name: 'tessera' },
      store_as: 'foreman',
    });
    expect(made.status, made.text).toBe(201);
    const listed = await server.api('GET', '/connections/foreman/upstream-tokens');
    expect(listed.json.items.some((token: { name: string }) => token.name === 'tessera')).toBe(true);
    const hosts = await server.api('GET', '/connections/foreman/hosts?per_page=100');
    const lines = hosts.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toEqual({ end: 'complete', seen: 250 });
    expect(hosts.headers.get('content-type')).toContain('application/x-ndjson');
    await double.setFault('MIGRATION_PENDING', true);
    const failed = await server.api('GET', '/connections/foreman/hosts');
    expect(failed.status).toBe(502);
  });
});
