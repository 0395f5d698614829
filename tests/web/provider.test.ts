import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT, type IdentityProvider, startIdentityProvider } from '../oidc/identity-provider.ts';
import { ENGINES } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';
import { launchBrowser, settled, visit } from './browser.ts';

describe.each(ENGINES)('on %s', (engine) => {
  let idp: IdentityProvider;
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    idp = await startIdentityProvider([`${url}/api/v1/sessions/oidc/callback`]);
    server = await startTestServer({
      engine,
      port,
      environment: {
        TESSERA_OIDC_ISSUER: idp.issuer,
        TESSERA_OIDC_CLIENT_ID: CLIENT.id,
        TESSERA_OIDC_CLIENT_SECRET: CLIENT.secret,
        TESSERA_OIDC_LABEL: 'Sign in with the house',
        TESSERA_OIDC_ROLES: 'staff=user; chiefs=admin',
      },
    });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await idp.stop();
  });

  test('a person signs in with the provider and comes back to the page that was asked for', async () => {
    idp.who = { sub: 'sub-erika', claims: { preferred_username: 'erika', groups: ['staff'] } };
    const { page, context, complaints } = await visit(browser);
    await page.goto(`${server.url}/?from=elsewhere`);
    await settled(page, 'Sign in');
    await page.getByRole('link', { name: 'Sign in with the house' }).click();
    await settled(page, /^Welcome/);
    const session = (await context.cookies()).find(({ name }) => name === 'tessera_session');
    expect(session?.httpOnly).toBe(true);
    const stored = await page.evaluate('JSON.stringify([localStorage, sessionStorage])');
    expect(stored).not.toContain(session?.value);
    expect(page.url()).toBe(`${server.url}/?from=elsewhere`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('a session that ends while somebody types goes on after signing in at the provider, in another tab', async () => {
    idp.who = { sub: 'sub-erika', claims: { preferred_username: 'erika', groups: ['staff'] } };
    const { page, context, complaints } = await visit(browser);
    await page.goto(`${server.url}/tokens/new`);
    await page.getByRole('link', { name: 'Sign in with the house' }).click();
    await settled(page, 'New token');
    await page.getByLabel('Name', { exact: true }).fill('typed before');
    await page.getByRole('checkbox', { name: /user:token/ }).check();
    const admin = { token: server.admin };
    const sessions = await server.call('GET', '/api/v1/tokens?type=session&user=erika', admin);
    for (const { id } of sessions.json.items) await server.call('DELETE', `/api/v1/tokens/${id}`, admin);
    await page.getByRole('button', { name: 'Make the token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    const opening = context.waitForEvent('page');
    await dialog.getByRole('link', { name: 'Sign in with the house' }).click();
    const tab = await opening;
    await settled(tab, /^Welcome/);
    await tab.close();
    // A browser without a screen gives no window the focus by itself.
    await page.evaluate('window.dispatchEvent(new Event("focus"))');
    await page.getByRole('heading', { level: 1, name: 'Token typed before is made' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('the groups a person is in are the roles they have, as of the sign-in', async () => {
    const { page, context, complaints } = await visit(browser);
    const signIn = async (groups: string[]): Promise<void> => {
      idp.who = { sub: 'sub-kim', claims: { preferred_username: 'kim', groups } };
      await context.clearCookies({ name: 'tessera_session' });
      await page.goto(server.url);
      await page.getByRole('link', { name: 'Sign in with the house' }).click();
      await settled(page, 'Welcome, kim');
    };
    const users = page.getByRole('navigation').getByRole('link', { name: 'Users' });
    await signIn(['staff', 'chiefs']);
    await users.waitFor();
    await signIn(['staff']);
    expect(await users.count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('a refusal is told in words, and an address of strangers puts none of theirs on the page', async () => {
    idp.who = { sub: 'sub-admin', claims: { preferred_username: 'admin', groups: ['staff'] } };
    const { page, context } = await visit(browser);
    await page.goto(`${server.url}/sign-in`);
    await page.getByRole('link', { name: 'Sign in with the house' }).click();
    await page.getByRole('alert').getByText('There is a user of your name already').waitFor();
    expect(new URL(page.url()).searchParams.get('refused')).toBe('name_taken');
    await page.goto(`${server.url}/sign-in?${new URLSearchParams({ refused: 'Call 555-0100 now' })}`);
    await settled(page, 'Sign in');
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.content()).not.toContain('555-0100');
    await context.close();
  });

  test('whom a guard sent here goes back to the guarded service, and nowhere else', async () => {
    const service = await serviceOnThisHost();
    const home = `${server.url}/`;
    for (const [search, lands] of [
      [{ rd: `${service.url}/metrics` }, `${service.url}/metrics`],
      [{ rd: 'http://evil.example/' }, home],
      [{ next: '//evil.example/' }, home],
      [{ next: 'http://evil.example/' }, home],
    ] as const) {
      const { page, context } = await visit(browser);
      await page.goto(`${server.url}/sign-in?${new URLSearchParams(search)}`);
      await settled(page, 'Sign in');
      await page.getByLabel('User name').fill('admin');
      await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(lands);
      await context.close();
    }
    await service.close();
  });
});

/** Something on this host that answers, as a guarded service would. */
async function serviceOnThisHost(): Promise<{ url: string; close(): Promise<void> }> {
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
