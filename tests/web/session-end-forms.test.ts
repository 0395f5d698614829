import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { closeAll, proxmox, proxmoxAsPve } from '../connections/support.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';
import { expectNoSecretKept } from './kept.ts';

/** Every form there is, each sent when the session has just ended: what was typed is not typed again. */

let server: TestServer;
let double: ProxmoxDouble;
let browser: Browser;
let window: Visit;
let page: Page;
beforeAll(async () => {
  double = await proxmox({ delayScale: 0, cloneMs: 10, taskMs: 5, bootMs: 5 });
  server = await startTestServer({ environment: { UBUNTU_2204_TEMPLATE_ID: '9000' } });
  const made = await server.call('POST', '/api/v1/connections', {
    token: server.admin,
    body: proxmoxAsPve(double),
  });
  expect(made.status, made.text).toBe(201);
  browser = await launchBrowser();
  window = await visit(browser);
  page = window.page;
});
afterAll(async () => {
  expect(window.complaints).toEqual([]);
  await browser.close();
  await server.close();
  await closeAll();
});

const button = (name: string) => page.getByRole('button', { name, exact: true });

async function open(path: string, heading: string | RegExp): Promise<void> {
  await signedIn(window, server);
  await page.goto(server.url + path);
  await settled(page, heading);
}

/** The session is ended, the form is sent, and its owner signs in again in the dialog. */
async function sendWithoutSession(press: string, examined = false): Promise<void> {
  const list = await server.call('GET', '/api/v1/tokens?type=session', { token: server.admin });
  for (const { id } of list.json.items.filter((one: { id: string }) => !server.admin.includes(one.id)))
    await server.call('DELETE', `/api/v1/tokens/${id}`, { token: server.admin });
  await button(press).click();
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  if (examined) expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await expectNoSecretKept(page, PASSWORD, double.credentials.flowToken.secret);
}

test('a service token', async () => {
  await open('/service-tokens/new', 'New service token');
  await page.getByLabel('Bot', { exact: true }).fill('bot-kept');
  await page.getByLabel('Write metrics to Sasquatch').check();
  await sendWithoutSession('Make the token');
  await settled(page, 'Token of bot-kept is made');
});

test('a user, a scope and a role, in dialogs below the question for the password', async () => {
  await open('/users', 'Users');
  await button('New user').click();
  await page.getByLabel('User name').fill('kept');
  await page.getByRole('dialog').getByLabel('Password', { exact: true }).fill(PASSWORD);
  expect(await seriousFindings(page)).toEqual([]);
  await sendWithoutSession('Make the user', true);
  await page.getByRole('link', { name: 'kept' }).waitFor();

  await open('/roles', 'Roles and scopes');
  await button('Register a scope').click();
  await page.getByLabel('Name', { exact: true }).fill('read:kept');
  await page.getByLabel('What it allows').fill('See what was kept');
  await sendWithoutSession('Register');
  await page.getByText('read:kept', { exact: true }).waitFor();
  await button('New role').click();
  await page.getByLabel('Name', { exact: true }).fill('keepers');
  await page.getByRole('dialog').getByLabel('See what was kept').check();
  expect(await seriousFindings(page)).toEqual([]);
  await sendWithoutSession('Make the role');
  await page.getByText('keepers', { exact: true }).waitFor();
});

test('a token, changed, and a password that somebody is given', async () => {
  const made = await server.call('POST', '/api/v1/tokens', {
    token: server.admin,
    body: { name: 'kept', user: 'kept', scopes: ['read:kept'], expires_in: '30d' },
  });
  expect(made.status, made.text).toBe(201);
  await open(`/tokens/${made.json.details.id}`, 'kept');
  await button('Change').click();
  await page.getByLabel('Description').fill('What was typed');
  await sendWithoutSession('Save', true);
  await page.getByText('What was typed', { exact: true }).waitFor();

  await open('/users/kept', 'kept');
  await page.getByLabel('New password').fill('another battery staple');
  await sendWithoutSession('Set it');
  await page.getByText('kept has a new password.').waitFor();
  await expectNoSecretKept(page, 'another battery staple');
});

test('a route, new and changed', async () => {
  await open('/routes/new', 'New route');
  await page.getByLabel('Name', { exact: true }).fill('kept');
  await page.getByLabel('Address').fill('http://127.0.0.1:9');
  await sendWithoutSession('Make the route');
  await settled(page, 'kept');
  await page.getByRole('link', { name: 'Change' }).click();
  await settled(page, 'Change kept');
  await page.getByLabel('Host of its own').fill('kept.example');
  await sendWithoutSession('Save');
  await settled(page, 'kept');
  await page.getByText('kept.example').first().waitFor();
});

test('each step of the wizard, with the secret that was pasted', async () => {
  await open('/connections/new', 'Connect a system');
  await page.getByLabel('Address').fill(double.url);
  await sendWithoutSession('Look at it');
  await button('Trust exactly this certificate').click();
  await page.getByLabel('Secret of the token').fill(double.credentials.flowToken.full);
  await sendWithoutSession('Test it');
  await page.getByText('It holds all that clone-vm needs').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('kept-pve');
  await sendWithoutSession('Seal and store it');
  await settled(page, 'kept-pve');
});

test('a machine, made and deleted', async () => {
  await open('/machines/new', 'New machine');
  await page.getByLabel('Name', { exact: true }).fill('kept-vm');
  await page.getByLabel('Connection').selectOption('pve');
  await page.getByLabel('Public SSH keys').fill('ssh-ed25519 AAAA me@laptop');
  await sendWithoutSession('Make the machine');
  await settled(page, 'kept-vm');
  await page.locator('[data-step=done][data-look=done]').waitFor();
  await button('Delete').click();
  await page.getByLabel(/^Type kept-vm/).fill('kept-vm');
  await sendWithoutSession('Delete it');
  await page.getByText('Deleted', { exact: true }).first().waitFor();
});

// Comes last: it ends the session that the others are watched with.
test('a new password for oneself', async () => {
  await open('/profile', 'Your account');
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password').fill(PASSWORD);
  await sendWithoutSession('Change the password');
  await expect.poll(() => page.getByLabel('Present password').inputValue()).toBe('');
});
