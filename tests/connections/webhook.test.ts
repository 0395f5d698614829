import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { bench, closeAll, foreman, later, pinned } from './support.ts';

afterEach(closeAll);

interface Delivery {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes deliveries, or refuses the first of them. */
async function receiver(refusals: number) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      deliveries.push({ url: request.url ?? '', headers: request.headers, body });
      response.statusCode = deliveries.length <= refusals ? 503 : 204;
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { deliveries, url: `http://127.0.0.1:${port}/hooks/canary-path?key=canary-query` };
}

describe.each(ENGINES)('the webhook on %s', (engine) => {
  test('an event is posted with a signature, again until somebody takes it, and then never more', async () => {
    const hook = await receiver(2);
    const [server, double] = [
      await bench({
        engine,
        environment: { TESSERA_WEBHOOK_URL: hook.url, TESSERA_CONNECTION_CHECK: 'off' },
      }),
      await foreman(),
    ];
    await server.api('POST', '/connections', {
      name: 'foreman',
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      credential: { secret: double.credentials.adminToken.pair },
    });
    await double.setFault('TOKEN_REFUSED', true);
    await server.api('POST', '/connections/foreman/test');
    for (let turn = 0; turn < 4; turn += 1) {
      await server.app.tendConnections();
      server.pass(1800);
    }
    expect(hook.deliveries).toHaveLength(3);
    const shown = await server.api('POST', '/webhook/show-key');
    expect(shown.json.configured).toBe(true);
    for (const { url, headers, body } of hook.deliveries) {
      expect(url).toBe('/hooks/canary-path?key=canary-query');
      const [, at, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-tessera-signature'])) ?? [];
      expect(createHmac('sha256', shown.json.key).update(`${at}.${body}`).digest('hex')).toBe(mac);
      expect(JSON.parse(body)).toMatchObject({
        kind: 'credential_refused',
        code: 'FOREMAN_LOGIN_REFUSED',
        connection: { name: 'foreman' },
      });
      expect(body).not.toContain(double.credentials.adminToken.token);
    }
    const events = await server.api('GET', '/events');
    expect(events.json.items[0].delivered_at).not.toBeNull();
    expect(server.logged.join('\n')).not.toContain('canary');
    const audit = await server.api('GET', '/audit?action=webhook_key.shown');
    expect(audit.json.items).toHaveLength(1);
  });

  test('the coming end of a credential is posted 30, 7 and 1 days before, and stands in the metrics', async () => {
    const hook = await receiver(0);
    const [server, double] = [
      await bench({
        engine,
        environment: {
          TESSERA_WEBHOOK_URL: hook.url,
          TESSERA_CONNECTION_CHECK: 'off',
          TESSERA_SESSION_LIFETIME: '99d',
        },
      }),
      await foreman(),
    ];
    const { login, password } = double.credentials.administrator;
    const end = Math.floor(Date.now() / 1000) + 40 * 86_400;
    const made = await server.api('POST', '/connections/make-credential', {
      kind: 'foreman',
      url: double.url,
      trust: pinned(double),
      admin: { method: 'password', user: login, secret: password },
      wish: { name: 'ends', user: 'inventory', expires_at: new Date(end * 1000).toISOString() },
      store_as: 'lab',
    });
    expect(made.status, made.text).toBe(201);
    for (const days of [11, 22, 6]) {
      server.pass(days * 86_400);
      await server.app.tendConnections();
      await server.app.tendConnections();
    }
    const told = hook.deliveries.map(({ body }) => JSON.parse(body));
    expect(told.map(({ kind }) => kind)).toEqual(Array(3).fill('credential_ending'));
    expect(told.map(({ code }) => code)).toEqual([
      'CREDENTIAL_ENDS_IN_30',
      'CREDENTIAL_ENDS_IN_7',
      'CREDENTIAL_ENDS_IN_1',
    ]);
    const metrics = (await server.call('GET', '/metrics')).text;
    expect(metrics).toContain(`tessera_connection_credential_end_seconds{name="lab",kind="foreman"} ${end}`);
    expect(metrics).toContain('tessera_connection_open_events 3');
  });
});
