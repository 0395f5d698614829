import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';

let server: TestServer;
let browser: Browser;
let window: Visit;
let page: Page;
beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
  window = await visit(browser);
  page = window.page;
  await signedIn(window, server);
  await make('/roles', { name: 'collectors', description: 'Collect metrics', scopes: ['write:sasquatch'] });
  await server.user('maya', ['collectors']);
});
afterAll(async () => {
  expect(window.complaints).toEqual([]);
  await browser.close();
  await server.close();
});

async function make(path: string, body: unknown) {
  const made = await server.call('POST', `/api/v1${path}`, { token: server.admin, body });
  expect(made.status, made.text).toBe(201);
  return made.json;
}
const button = (name: string) => page.getByRole('button', { name, exact: true });
const open = async (path: string, heading: string | RegExp): Promise<void> => {
  await page.goto(server.url + path);
  await settled(page, heading);
};

test('an administrator makes a token for somebody else, by role and until a date', async () => {
  await open('/tokens/new', 'New token');
  await page.getByLabel('Name', { exact: true }).fill('collector');
  await page.getByLabel('Owner').fill('maya');
  await page.getByText('On a date').click();
  const day = new Date(Date.now() + 45 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('Date of expiry').fill(day);
  await page.getByText('Roles', { exact: true }).click();
  await page.getByLabel('Collect metrics').check();
  await page
    .getByText(
      /can do what the role collectors holds, in maya's name: today write metrics to Sasquatch. It expires on/,
    )
    .waitFor();
  await button('Make the token').click();
  await settled(page, 'Token collector is made');
  await button('Copy the token').click();
  await page.getByRole('link', { name: 'Done' }).click();
  await settled(page, 'Security tokens');
  await page.getByRole('combobox', { name: 'Whose' }).click();
  await page.getByRole('option', { name: "Everybody's" }).click();
  await page
    .getByRole('row', { name: /collector .* maya role collectors not yet in 4[45] days Active/ })
    .waitFor();
});

test('a token is found by its state and its text, and the address says so', async () => {
  await page.getByLabel('Find').fill('collec');
  await page.getByRole('link', { name: 'collector' }).waitFor();
  await page.getByLabel('Find').fill('nothing like it');
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
  await open('/tokens?user=*&state=revoked', 'Security tokens');
  expect(await page.getByRole('link', { name: 'collector' }).count()).toBe(0);
});

test('what was changed on a token is told, with what it was before', async () => {
  const { json } = await server.call('GET', '/api/v1/tokens?user=maya&type=user', { token: server.admin });
  const id = json.items[0].id;
  await server.call('PATCH', `/api/v1/tokens/${id}`, {
    token: server.admin,
    body: { name: 'gatherer', expires_in: '10d' },
  });
  await open(`/tokens/${id}`, 'gatherer');
  const history = page
    .locator('section, div')
    .filter({ has: page.getByRole('heading', { name: 'History' }) })
    .last();
  await history.getByText('Changed', { exact: true }).waitFor();
  await history.getByText(/Name: collector, now gatherer/).waitFor();
  await history.getByText(/^Ends: .*, now /).waitFor();
  await history.getByText('Made', { exact: true }).waitFor();
});

test('an administrator changes a token that is in use: its secret stays, and only what was touched is sent', async () => {
  const { token, details } = await make('/tokens', {
    name: 'robot arm',
    user: 'maya',
    scopes: ['write:sasquatch'],
    expires_in: '30d',
  });
  await open(`/tokens/${details.id}`, 'robot arm');
  await button('Change').click();
  const dialog = page.getByRole('dialog', { name: 'Change robot arm' });
  expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Name', { exact: true }).fill('gatherer');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByLabel('Name', { exact: true }).and(page.locator('[aria-invalid=true]')).waitFor();
  await dialog.getByLabel('Name', { exact: true }).fill('robot leg');
  await dialog.getByRole('switch', { name: 'Give it another end' }).click({ force: true });
  await dialog.getByText('7 days').click();
  expect(await seriousFindings(page)).toEqual([]);
  const [request] = await Promise.all([
    page.waitForRequest((one) => one.method() === 'PATCH'),
    dialog.getByRole('button', { name: 'Save' }).click(),
  ]);
  expect(JSON.parse(request.postData() ?? '')).toEqual({ name: 'robot leg', expires_in: '7d' });
  await settled(page, 'robot leg');
  await dialog.waitFor({ state: 'detached' });
  await page.getByText(/Name: robot arm, now robot leg/).waitFor();
  expect((await server.call('GET', '/api/v1/me', { token })).status).toBe(200);
  await page.getByRole('link', { name: 'What it did' }).click();
  await page.waitForURL(new RegExp(`/audit\\?token=${details.id}$`));
});

test('whoever is no administrator is not offered to change a token', async () => {
  const made = await server.call('GET', '/api/v1/tokens?user=maya&search=robot', { token: server.admin });
  const other = await visit(browser);
  await signedIn(other, server, 'maya');
  await other.page.goto(`${server.url}/tokens/${made.json.items[0].id}`);
  await settled(other.page, 'robot leg');
  await other.page.getByRole('button', { name: 'Revoke', exact: true }).waitFor();
  for (const name of ['Change', 'What it did'])
    expect(await other.page.getByText(name, { exact: true }).count()).toBe(0);
  await other.context.close();
});

test('whoever revokes is told what dies with it: children, and the guards and routes it is used on', async () => {
  const scopes = ['write:sasquatch', 'user:token'];
  const { token, details } = await make('/tokens', { name: 'portal', scopes, expires_in: '30d' });
  const headers = { 'x-original-url': 'https://metrics.example.com/', 'x-original-method': 'GET' };
  const asked =
    '/ingress/auth?scope=write:sasquatch&delegate_to=metrics&delegate_scope=write:sasquatch&service=metrics';
  const answer = await server.call('GET', asked, { token, headers });
  expect(answer.status, answer.text).toBe(200);
  await make('/routes', { name: 'plain', to: 'http://127.0.0.1:9', rules: [{ path: '/**', scopes }] });
  await server.call('GET', '/connect/plain/x', { token });
  const uses = `/api/v1/audit?token=${details.id}&route=plain`;
  await expect
    .poll(async () => (await server.call('GET', uses, { token: server.admin })).json.items.length)
    .toBe(1);
  await open('/tokens', 'Security tokens');
  await button('Revoke portal').click();
  const dialog = page.getByRole('dialog', { name: 'Revoke portal?' });
  await dialog.getByText('1 delegated token made from it dies with it.').waitFor();
  await dialog.getByText(/Lately it was used on .*plain; what relies on it there stops/).waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('portal is revoked, and 1 made from it.').waitFor();
});

test('a list that is on its way says so, and one that cannot be had says what to do', async () => {
  let answer = (): void => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/v1/tokens?*', async (route) => {
    await held;
    await route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'Not ready',
        status: 503,
        code: 'not_ready',
        detail: 'The database does not answer.',
        fix: 'Look at /ready.',
      }),
    });
  });
  await page.goto(`${server.url}/tokens`);
  await page.getByRole('status').getByText('Loading tokens').waitFor({ state: 'attached' });
  answer();
  const alert = page.getByRole('alert');
  await alert.getByText('The database does not answer.').waitFor({ timeout: 20_000 });
  await alert.getByText('Look at /ready.').waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.unroute('**/api/v1/tokens?*');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'No tokens yet' }).waitFor();
});

test('a person signs in, makes a token and revokes it by keyboard alone', async () => {
  const { page: keys, context, complaints } = await visit(browser);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await keys.goto(`${server.url}/tokens/new`);
  await settled(keys, 'Sign in');
  const { keyboard } = keys;
  const type = async (text: string): Promise<void> => {
    await keyboard.type(text);
    await keyboard.press('Tab');
  };
  const focused = () =>
    keys.evaluate<string>(
      "(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.labels?.[0]?.innerText ?? document.activeElement?.innerText ?? '').split('\\n')[0]",
    );
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let steps = 0; steps < 80; steps += 1) {
      if (name.test(await focused())) return;
      await keyboard.press('Tab');
    }
    throw new Error(`no way to ${name} by Tab`);
  };
  await type('admin');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await settled(keys, 'New token');
  await type('by keyboard');
  await tabTo(/^Write metrics to Sasquatch/);
  await keyboard.press('Space');
  await tabTo(/^Make the token$/);
  await keyboard.press('Enter');
  await settled(keys, 'Token by keyboard is made');
  await tabTo(/^Copy the token/);
  await keyboard.press('Enter');
  await keys.getByRole('button', { name: 'Copied', exact: true }).waitFor();
  await tabTo(/^Done$/);
  await keyboard.press('Enter');
  await settled(keys, 'Security tokens');

  // A dialog takes the focus to its way back, keeps it, and gives it back where it came from.
  await tabTo(/^Revoke by keyboard$/);
  await keyboard.press('Enter');
  const dialog = keys.getByRole('dialog', { name: 'Revoke by keyboard?' });
  await dialog.getByText('Nothing was made from it.').waitFor();
  await expect.poll(focused).toBe('Cancel');
  for (let steps = 0; steps < 6; steps += 1) {
    await keyboard.press('Tab');
    expect(await keys.evaluate("document.activeElement.closest('[role=dialog]') !== null")).toBe(true);
  }
  await keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(focused).toBe('Revoke by keyboard');
  await keyboard.press('Enter');
  await dialog.getByText('Nothing was made from it.').waitFor();
  await tabTo(/^Revoke$/);
  await keyboard.press('Enter');
  await keys.getByRole('link', { name: 'by keyboard' }).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await context.close();
});
