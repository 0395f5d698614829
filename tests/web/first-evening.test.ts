import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/crypto/random.ts';
import { type ProxmoxDouble, startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { nativeSpelling, randomTokenParts } from '../../src/tokens/token-string.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/database.ts';
import { over, PASSWORD, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, type Visit, visit } from './browser.ts';
import { expectNoSecretKept } from './kept.ts';

describe.each(ENGINES)('the first evening on %s', (engine) => {
  let database: TestDatabase;
  let double: ProxmoxDouble;
  let server: TestServer;
  let browser: Browser;
  let window: Visit;
  const bootstrap = nativeSpelling(randomTokenParts(systemRandom)).reveal();
  beforeAll(async () => {
    database = await freshDatabase(engine);
    double = await startProxmoxDouble({ delayScale: 0, cloneMs: 20, taskMs: 10, bootMs: 10 });
    server = await over(database, bootstrap, { environment: { UBUNTU_2204_TEMPLATE_ID: '9000' } }, null);
    browser = await launchBrowser();
    window = await visit(browser);
    await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await double.close();
    await database.drop();
  });

  const button = (name: string | RegExp) => window.page.getByRole('button', { name, exact: true });
  const heading = (name: string | RegExp) => window.page.getByRole('heading', { level: 1, name }).waitFor();
  let token = '';
  /** Of the tool that uses the route. */
  let tool = '';

  test('the bare address leads to the first administrator; a wrong secret is told from a right one', async () => {
    const { page } = window;
    await page.goto(server.url);
    await heading('Make the first administrator');
    await page.getByLabel('Bootstrap secret').fill('tsr-not-the-secret');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button('Make the account and sign in').click();
    await page.getByText('This is not the secret of the newest start.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Bootstrap secret').fill(bootstrap);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await button('Make the account and sign in').click();
    await page.getByText('Must have at least 10 characters').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button('Make the account and sign in').click();
    await heading('Welcome, admin');
    for (const step of ['Mint a token', 'Connect Proxmox or Foreman', 'Guard a service'])
      await page.getByRole('heading', { level: 2, name: step }).waitFor();
  });

  test('a token is made: its meaning is said before, its secret is shown once, copied and saved', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Mint a token' }).click();
    await heading('New token');
    await page.getByLabel('Name', { exact: true }).fill('laptop');
    await page.getByText('90 days').click();
    await page.getByLabel('Write metrics to Sasquatch').check();
    await page
      .getByText(/Whoever holds this token can write metrics to Sasquatch, in your name, and nothing else/)
      .waitFor();
    await button('Make the token').click();
    await heading('Token laptop is made');
    token = (await page.locator('[data-secret]').textContent()) ?? '';
    expect(token).toMatch(/^tsr-/);
    await button('Copy the token').click();
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token);
    const saving = page.waitForEvent('download');
    await button('Save as a file').click();
    const download = await saving;
    expect(download.suggestedFilename()).toBe('laptop.token.txt');
    expect(readFileSync(await download.path(), 'utf8')).toBe(`${token}\n`);
    for (const tool of ['GitHub Actions', 'GitLab CI', 'nginx', 'curl']) {
      await page.getByRole('tab', { name: tool }).click();
      expect(await page.getByRole('tabpanel').textContent()).not.toContain(token);
      expect(await seriousFindings(page), tool).toEqual([]);
    }
    await page.getByRole('link', { name: 'Done' }).click();
    await heading('Security tokens');
    await page.getByRole('link', { name: 'laptop' }).waitFor();
  });

  test('the guard lets the token in and its configuration is at hand', async () => {
    const { page } = window;
    // A process that ends writes what it knows of last uses; the others do so a few times a minute.
    const guard = await server.replica();
    const asked = await guard.call('GET', '/ingress/auth?scope=write:sasquatch', {
      token,
      headers: { 'x-original-url': 'https://metrics.example.com/', 'x-original-method': 'GET' },
    });
    await guard.close();
    expect(asked.status).toBe(200);
    await page.getByRole('link', { name: 'Guard a service' }).click();
    await heading('Guard a service');
    await page.getByLabel('Write metrics to Sasquatch').check();
    for (const [tab, sign] of [
      ['nginx', 'auth_request'],
      ['Traefik', 'forwardAuth'],
      ['Caddy', 'forward_auth'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click();
      const code = await page.getByRole('tabpanel').locator('pre').textContent();
      expect(code).toContain(sign);
      expect(code).toContain('scope=write:sasquatch');
    }
    await page.getByLabel('Where the service listens').fill('not an address');
    await page.getByText("upstream: 'not an address' is not a plain address.").waitFor();
  });

  test('a system is connected: its certificate is seen first, a wrong secret is explained, then mended', async () => {
    const { page } = window;
    const { flowToken } = double.credentials;
    await page.getByRole('link', { name: 'Tessera, home' }).click();
    await page.getByRole('link', { name: 'Connect a system' }).click();
    await heading('Connect a system');
    await page.getByLabel('Address').fill(double.url);
    await button('Look at it').click();
    await page.getByText('Nobody this server knows vouches for it').waitFor();
    expect(await page.locator('[data-certificate]').innerText()).toContain(double.fingerprint);
    expect(double.requests).toEqual([]);
    await button('Trust exactly this certificate').click();
    const secret = page.getByLabel('Secret of the token');
    await secret.fill(`${flowToken.tokenid}=${flowToken.secret.slice(0, -4)}0000`);
    await button('Test it').click();
    const finding = page.locator('[data-finding]').first();
    await finding.getByRole('button', { name: 'Copy what to do' }).waitFor();
    await secret.fill(flowToken.secret);
    await button('Test it').click();
    await page.getByText('It holds all that clone-vm needs').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('pve-lab');
    await button('Seal and store it').click();
    await heading('pve-lab');
    await page.getByText('Works', { exact: true }).waitFor();
  });

  test('a route leads there: a token goes through without knowing the secret, and the call is seen', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Routes' }).click();
    await page.getByRole('link', { name: 'New route' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('lab');
    await page.getByLabel('Leads to').selectOption('pve-lab');
    await button('Make the route').click();
    await heading('lab');
    await page.getByRole('link', { name: 'Security tokens' }).click();
    await page.getByRole('link', { name: 'New token' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('terraform');
    await page.getByRole('checkbox', { name: /read:lab/ }).check();
    await button('Make the token').click();
    await heading('Token terraform is made');
    tool = (await page.locator('[data-secret]').textContent()) ?? '';
    await button('Copy the token').click();
    await page.getByRole('link', { name: 'Done' }).click();
    await heading('Security tokens');

    const nodes = await server.call('GET', '/connect/lab/api2/json/nodes', { token: tool });
    expect(nodes.json.data.map(({ node }: { node: string }) => node).sort()).toEqual(['pve', 'pve2']);
    const stop = '/connect/lab/api2/json/nodes/pve/qemu/100/status/stop';
    expect((await server.call('POST', stop, { token: tool })).status).toBe(403);
    const sent = JSON.stringify(double.requests.at(-1));
    expect(sent).not.toContain(tool);
    await page.getByRole('link', { name: 'Routes' }).click();
    await page.getByRole('link', { name: 'lab', exact: true }).click();
    const calls = page.getByRole('table', { name: 'Newest calls' });
    await calls.getByRole('row', { name: /GET \/.*nodes 200/ }).waitFor();
    await calls.getByRole('row', { name: /status\/stop 403 refused/ }).waitFor();
  });

  test('a machine is made from a template, step by step', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Machines' }).click();
    await page.getByRole('link', { name: 'New machine' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('first-vm');
    await button('Make the machine').click();
    await heading('first-vm');
    await page.locator('[data-step=done][data-look=done]').waitFor();
    await page.getByRole('link', { name: 'Machines' }).first().click();
    await page.getByRole('row', { name: /first-vm Ready 10\.77\./ }).waitFor();
    const guests = [...double.cluster.guests.values()].filter(
      ({ config }) => config.get('name') === 'first-vm',
    );
    expect(guests).toMatchObject([{ running: true }]);
  });

  test('the trail tells all of it, and what was revoked is refused on the route', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Audit' }).click();
    await heading('Audit');
    const trail = page.getByRole('table', { name: /^Rows of the audit trail/ });
    for (const action of ['connection.created', 'route.created', 'route.used', 'route.refused', 'job.ended'])
      await trail.getByText(action, { exact: true }).first().waitFor();
    await button('Check the chain').click();
    await page.getByText(/^Unbroken: \d+ rows$/).waitFor();

    await page.getByRole('link', { name: 'Security tokens' }).click();
    await button('Revoke terraform').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('link', { name: 'terraform' }).waitFor({ state: 'detached' });
    expect((await server.call('GET', '/connect/lab/api2/json/nodes', { token: tool })).status).toBe(401);
  });

  test('a token is revoked after what dies with it was named, and is refused from then on', async () => {
    const { page } = window;
    await page.goto(`${server.url}/tokens`);
    await heading('Security tokens');
    await page
      .getByRole('row', { name: /laptop/ })
      .getByText('on guard')
      .first()
      .waitFor();
    await button('Revoke laptop').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/^It was last used .* from 127\.0\.0\.1 on guard\.$/).waitFor();
    await dialog.getByText('Nothing was made from it.').waitFor();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor();
    expect((await server.call('GET', '/api/v1/me', { token })).json.code).toBe('token_revoked');
    await page.getByText('Revoked', { exact: true }).click();
    await page.getByRole('link', { name: 'laptop' }).click();
    await heading('laptop');
    await page.getByText(/admin revoked it/).waitFor();
  });

  test('a bot gets a service token, and a user is made, given a role and disabled', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Service tokens', exact: true }).click();
    await page.getByRole('link', { name: 'New service token' }).first().click();
    await page.getByLabel('Bot', { exact: true }).fill('metrics');
    await page.getByLabel('Write metrics to Sasquatch').check();
    await button('Make the token').click();
    await page.getByText(/A bot is named bot-/).waitFor();
    await page.getByLabel('Bot', { exact: true }).fill('bot-metrics');
    await button('Make the token').click();
    await heading('Token of bot-metrics is made');
    await button('Copy the token').click();
    await page.getByRole('link', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'bot-metrics' }).waitFor();

    await page.getByRole('link', { name: 'Users' }).click();
    await button('New user').click();
    await page.getByLabel('User name').fill('maya');
    await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button('Make the user').click();
    await page.getByRole('link', { name: 'maya' }).click();
    await heading('maya');
    await page.getByRole('switch', { name: /^admin/ }).click({ force: true });
    await page.getByText('maya has the role admin.').waitFor();
    await button('Disable').click();
    await button('Enable').waitFor();
    const signIn = await server.call('POST', '/api/v1/sessions', {
      body: { username: 'maya', password: PASSWORD },
    });
    expect(signIn.status).toBe(401);
  });

  test('a role and a scope are made, and the trail of all this is unbroken', async () => {
    const { page } = window;
    await page.getByRole('link', { name: 'Roles and scopes' }).click();
    await button('Register a scope').click();
    await page.getByLabel('Name', { exact: true }).fill('read:grafana');
    await page.getByLabel('What it allows').fill('See the dashboards');
    await button('Register').click();
    await page.getByText('read:grafana', { exact: true }).waitFor();
    await button('New role').click();
    await page.getByLabel('Name', { exact: true }).fill('viewers');
    await page.getByRole('dialog').getByLabel('See the dashboards').check();
    await button('Make the role').click();
    await page.getByText('viewers', { exact: true }).waitFor();

    const { json } = await server.call('POST', '/api/v1/sessions', {
      body: { username: 'admin', password: PASSWORD },
    });
    const trail = await server.call('POST', '/api/v1/audit/verify', { token: json.token });
    expect(trail.json).toMatchObject({ intact: true, faults: [] });
  });

  test('no secret stayed in what the browser keeps, and nothing complained', async () => {
    const { page, context } = window;
    await expectNoSecretKept(page, bootstrap, PASSWORD, token, tool, double.credentials.flowToken.secret);
    const cookies = await context.cookies();
    expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toEqual([['tessera_session', true]]);
    expect(window.complaints).toEqual([]);
  });
});
