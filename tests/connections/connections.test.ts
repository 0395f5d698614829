import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { bench, closeAll, foreman, pinned, proxmox, proxmoxAs, proxmoxAsPve } from './support.ts';

afterEach(closeAll);

describe.each(ENGINES)('connections on %s', (engine) => {
  test('a Proxmox token is tested, stored, shown without its secret, changed and removed', async () => {
    const [server, double] = [await bench({ engine }), await proxmox()];
    const { flowToken } = double.credentials;
    const made = await server.api('POST', '/connections', {
      ...proxmoxAs('pve-lab', double),
      url: `${double.url}/`,
    });
    expect(made.status, made.text).toBe(201);
    expect(made.json.connection).toMatchObject({
      name: 'pve-lab',
      kind: 'proxmox',
      origin: double.url,
      method: 'token',
      identity: flowToken.tokenid,
      has_fallback: false,
      trust: { mode: 'pin', fingerprint: double.fingerprint, warning: null },
    });
    expect(made.json.connection.last_test.ok).toBe(true);
    expect(made.json.report).toMatchObject({ ok: true, exit_code: 0, fell_back: false });
    expect(made.text).not.toContain(flowToken.secret);

    const { id } = made.json.connection;
    const byName = await server.api('GET', '/connections/pve-lab');
    const byId = await server.api('GET', `/connections/${id}`);
    expect(byName.json).toEqual(byId.json);
    expect((await server.api('GET', '/connections')).json.items).toHaveLength(1);

    const renamed = await server.api('PATCH', `/connections/${id}`, { name: 'pve-prod' });
    expect(renamed.json.connection).toMatchObject({ id, name: 'pve-prod', identity: flowToken.tokenid });
    expect(renamed.json.report).toBeNull();

    const gone = await server.api('DELETE', '/connections/pve-prod');
    expect(gone.status).toBe(204);
    expect((await server.api('GET', `/connections/${id}`)).status).toBe(404);
    const rows = await server.api('GET', '/audit');
    const actions = rows.json.items.map((row: { action: string }) => row.action);
    for (const action of ['connection.created', 'connection.changed', 'connection.deleted'])
      expect(actions).toContain(action);
  });

  test('what fails the check before saving is not stored, and the finding is in the refusal', async () => {
    const [server, double] = [await bench({ engine }), await proxmox()];
    const wish = {
      ...proxmoxAsPve(double),
      credential: { secret: double.credentials.expiredToken.full },
    };
    const refused = await server.api('POST', '/connections', wish);
    expect(refused.status).toBe(422);
    expect(refused.json.code).toBe('connection_failed');
    expect(refused.json.errors[0].field).toBe('AUTH_OPAQUE');
    expect((await server.api('GET', '/connections')).json.items).toEqual([]);

    const kept = await server.api('POST', '/connections', { ...wish, test: false });
    expect(kept.status).toBe(201);
    expect(kept.json.connection.state).toBe('untested');
  });

  test('a refusal is an event once, stands in the metrics, and is taken back when it works again', async () => {
    const [server, double] = [await bench({ engine }), await foreman()];
    const token = double.credentials.inventoryToken;
    const made = await server.api('POST', '/connections', {
      name: 'foreman',
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      credential: { user: token.login, secret: token.token },
    });
    expect(made.status, made.text).toBe(201);
    await double.setFault('TOKEN_REFUSED', true);
    const first = await server.api('POST', '/connections/foreman/test');
    expect(first.json).toMatchObject({ ok: false, exit_code: 4, verdict: 'failed' });
    await server.api('POST', '/connections/foreman/test');
    const events = await server.api('GET', '/events');
    expect(events.json.items.map((event: { kind: string }) => event.kind)).toEqual(['credential_refused']);
    expect(events.json.items[0].code).toBe('FOREMAN_LOGIN_REFUSED');
    const metrics = (await server.call('GET', '/metrics')).text;
    expect(metrics).toContain('tessera_connection_up{name="foreman",kind="foreman"} 0');
    expect(metrics).toContain('tessera_connection_credential_refused{name="foreman",kind="foreman"} 1');
    expect(metrics).toContain('tessera_connection_open_events 1');

    const acknowledged = await server.api('POST', `/events/${events.json.items[0].id}/acknowledge`);
    expect(acknowledged.json.acknowledged_by).toBe('admin');
    expect((await server.api('GET', '/events')).json.items).toEqual([]);

    // The doctor does not send again by itself what Foreman counts.
    const before = double.requests.length;
    const doctor = await server.api('GET', '/doctor');
    expect(doctor.json.items[0].report.findings[0].code).toBe('NOT_SENT_AGAIN');
    expect(double.requests.length).toBe(before);

    await double.setFault('TOKEN_REFUSED', false);
    const good = await server.api('POST', '/connections/foreman/test');
    expect(good.json.ok, good.text).toBe(true);
    const again = await server.api('GET', '/events');
    expect(again.json.items[0].kind).toBe('credential_accepted_again');
  });

  test('the coming end of a credential is announced at 30, 7 and 1 days, once each', async () => {
    const [server, double] = [
      await bench({
        engine,
        environment: { TESSERA_CONNECTION_CHECK: 'off', TESSERA_SESSION_LIFETIME: '99d' },
      }),
      await proxmox(),
    ];
    const made = await server.api('POST', '/connections/make-credential', {
      kind: 'proxmox',
      url: double.url,
      trust: pinned(double),
      admin: {
        method: 'password',
        user: double.credentials.root.user,
        secret: double.credentials.root.password,
      },
      wish: {
        name: 'ends',
        task: 'inventory',
        expires_at: `${new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 19)}Z`,
      },
      store_as: 'pve',
    });
    expect(made.status, made.text).toBe(201);
    expect(made.json.secret).toBeNull();
    const codes = async () =>
      (await server.api('GET', '/events?state=all')).json.items.map((event: { code: string }) => event.code);
    await server.app.tendConnections();
    expect(await codes()).toEqual([]);
    for (const days of [11, 1, 22, 1, 4]) {
      server.pass(days * 86_400);
      await server.app.tendConnections();
      await server.app.tendConnections();
    }
    expect((await codes()).reverse()).toEqual([
      'CREDENTIAL_ENDS_IN_30',
      'CREDENTIAL_ENDS_IN_7',
      'CREDENTIAL_ENDS_IN_1',
    ]);
  });
});
