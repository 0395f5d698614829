import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { launchBrowser, signedIn, visit } from './browser.ts';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

async function endSessionsOfAdmin(): Promise<void> {
  const list = await server.call('GET', '/api/v1/tokens?type=session', { token: server.admin });
  for (const { id } of list.json.items.filter((one: { id: string }) => !server.admin.includes(one.id)))
    await server.call('DELETE', `/api/v1/tokens/${id}`, { token: server.admin });
}

test('a session that ends while somebody types costs a password and nothing else', async () => {
  const window = await visit(browser);
  const { page } = window;
  await signedIn(window, server);
  await page.goto(`${server.url}/tokens/new`);
  await page.getByLabel('Name', { exact: true }).fill('typed before');
  await page.getByLabel('Description').fill('a long thought');
  await page.getByLabel('Write metrics to Sasquatch').check();
  await endSessionsOfAdmin();
  await page.getByRole('button', { name: 'Make the token' }).click();

  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.getByText('Your session was ended').waitFor();
  expect(await dialog.getByLabel('User name').inputValue()).toBe('admin');
  await dialog.getByLabel('Password', { exact: true }).fill('wrong, at first');
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.getByText(/name or password is wrong/i).waitFor();
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();

  await page.getByRole('heading', { level: 1, name: 'Token typed before is made' }).waitFor();
  const made = await server.call('GET', '/api/v1/tokens?type=user', { token: server.admin });
  expect(made.json.items).toMatchObject([{ name: 'typed before', description: 'a long thought' }]);
  await window.context.close();
});

test('leaving the dialog keeps the page and says why the request failed', async () => {
  const window = await visit(browser);
  const { page } = window;
  await signedIn(window, server);
  await page.goto(`${server.url}/tokens/new`);
  await page.getByLabel('Name', { exact: true }).fill('kept');
  await page.getByLabel('Write metrics to Sasquatch').check();
  await endSessionsOfAdmin();
  await page.getByRole('button', { name: 'Make the token' }).click();
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('alert').getByText('token_revoked').waitFor();
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('kept');
  await window.context.close();
});

test('signing in again in another tab goes unnoticed in this one', async () => {
  const window = await visit(browser);
  const { page } = window;
  await signedIn(window, server);
  await page.goto(`${server.url}/tokens/new`);
  await page.getByLabel('Name', { exact: true }).fill('from the old tab');
  await page.getByLabel('Write metrics to Sasquatch').check();
  await signedIn(window, server);
  await page.getByRole('button', { name: 'Make the token' }).click();
  await page.getByRole('heading', { level: 1, name: 'Token from the old tab is made' }).waitFor();
  await window.context.close();
});

test('a link into the middle leads there after signing in, and never to another site', async () => {
  const window = await visit(browser);
  const { page } = window;
  await page.goto(`${server.url}/tokens?state=revoked`);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Security tokens' }).waitFor();
  expect(page.url()).toBe(`${server.url}/tokens?state=revoked`);
  for (const evil of ['https://evil.example/', '//evil.example/', '/\\evil.example/']) {
    await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(evil)}`);
    await page.getByRole('heading', { level: 1, name: /^Welcome/ }).waitFor();
    expect(new URL(page.url()).origin).toBe(server.url);
  }
  await page.getByRole('button', { name: 'Account of admin' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await page.goto(`${server.url}/tokens`);
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  await window.context.close();
});

test('whoever lacks the scope of a page sees which, and no entry for it', async () => {
  await server.user('reader');
  const window = await visit(browser);
  const { page } = window;
  await signedIn(window, server, 'reader');
  await page.goto(`${server.url}/users`);
  await page.getByRole('heading', { name: 'Your account may not see this' }).waitFor();
  await page.getByText('admin:token', { exact: true }).waitFor();
  expect(await page.getByRole('navigation').getByRole('link', { name: 'Users' }).count()).toBe(0);
  await page.goto(`${server.url}/service-tokens`);
  await page.getByRole('heading', { name: 'Your account may not see this' }).waitFor();
  await window.context.close();
});

test('a token that was neither copied nor saved is not left behind by mistake', async () => {
  const window = await visit(browser);
  const { page } = window;
  await signedIn(window, server);
  await page.goto(`${server.url}/tokens/new`);
  await page.getByLabel('Name', { exact: true }).fill('nearly lost');
  await page.getByLabel('Write metrics to Sasquatch').check();
  await page.getByRole('button', { name: 'Make the token' }).click();
  await page.getByRole('link', { name: 'Done' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leave without the token?' });
  await dialog.getByRole('button', { name: 'Stay' }).click();
  expect(await page.locator('[data-secret]').textContent()).toMatch(/^tsr-/);
  await page.getByRole('link', { name: 'Done' }).click();
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { level: 1, name: 'Security tokens' }).waitFor();
  await window.context.close();
});
