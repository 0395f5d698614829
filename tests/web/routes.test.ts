import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { broker, closeAll, upstream } from '../broker/support.ts';
import { foreman, proxmox } from '../connections/support.ts';
import { ENGINES } from '../support/database.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, type Scheme, settled, signedIn, visit } from './browser.ts';

describe.each(ENGINES)('on %s', (engine) => {
  let server: Awaited<ReturnType<typeof broker>>;
  let service: Awaited<ReturnType<typeof upstream>>;
  let browser: Browser;
  beforeAll(async () => {
    service = await upstream();
    server = await broker({ engine });
    browser = await launchBrowser();
    await server.user('alice');
  });
  afterAll(async () => {
    await browser.close();
    await closeAll();
  });

  async function open(path: string, heading: string) {
    const window = await visit(browser);
    await signedIn(window, server);
    await window.page.goto(server.url + path);
    await settled(window.page, heading);
    return window;
  }

  test('a route is made, tried, used, watched, changed and deleted', async () => {
    const { page, context, complaints } = await open('/routes', 'Routes');
    await page.getByText('No routes yet').waitFor();
    await page.getByRole('link', { name: 'New route' }).first().click();
    await settled(page, 'New route');

    // A name that cannot be: said beside the field, and nothing typed is lost.
    await page.getByLabel('Name').fill('No Good!');
    await page.getByLabel('Address').fill(service.url);
    await page.getByRole('button', { name: 'Make the route' }).click();
    await page.getByLabel('Name').and(page.locator('[aria-invalid=true]')).waitFor();
    expect(await page.getByLabel('Address').inputValue()).toBe(service.url);

    await page.getByLabel('Name').fill('metrics');
    await page.getByRole('switch', { name: /^Presets/ }).click();
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Path').fill('/topics/**');
    await page.getByRole('combobox', { name: 'Scopes' }).fill('write:sasquatch');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make the route' }).click();
    await settled(page, 'metrics');

    await page.getByRole('table', { name: 'Rules of this route' }).getByText('write:sasquatch').waitFor();
    await page.getByRole('textbox', { name: 'Path' }).fill('/topics/lab');
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('It would be refused with 401').waitFor();
    const { token, id } = await server.token('write:sasquatch');
    await page.reload();
    await settled(page, 'metrics');
    await page.getByRole('textbox', { name: 'Path' }).fill('/topics/lab');
    await page.getByLabel('With the token').selectOption(id);
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText('It would go through').waitFor();
    expect(service.received).toEqual([]);

    await page.getByText('Nobody has called yet').waitFor();
    await server.call('GET', '/connect/metrics/topics/lab', { token });
    await page.getByRole('table', { name: 'Newest calls' }).getByText('/topics/lab').waitFor();

    await page.getByRole('link', { name: 'Change' }).click();
    await settled(page, 'Change metrics');
    expect(await page.getByLabel('Path').inputValue()).toBe('/topics/**');
    await page.getByLabel('Who').selectOption('never');
    await page.getByRole('button', { name: 'Save' }).click();
    await settled(page, 'metrics');
    await page.getByRole('table', { name: 'Rules of this route' }).getByText('nobody').waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete the route' }).click();
    await settled(page, 'Routes');
    await page.getByText('No routes yet').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('presets are told in words, and each tool has its lines to copy', async () => {
    await server.route('plain', service.url);
    const { page, context, complaints } = await open('/routes/plain', 'plain');
    await page.getByRole('table', { name: 'Presets' }).getByText('read (GET and HEAD)').waitFor();
    await page.getByRole('table', { name: 'Presets' }).getByText('read:plain').waitFor();
    await page.getByText(`${server.url}/connect/plain/`, { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Copy the curl configuration' }).waitFor();
    await page.getByRole('link', { name: 'All calls' }).click();
    await page.waitForURL(/\/audit\?route=plain$/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test.each([
    ['proxmox', { terraform: /^ {2}api_token = /m, proxmoxer: /ProxmoxAPI\(/, curl: /^printf 'header = / }],
    ['foreman', { hammer: /:foreman:/, curl: /^printf 'user = / }],
  ] as const)(
    'a route to %s has lines for each of its tools, without a token in them',
    async (kind, tools) => {
      const double = kind === 'proxmox' ? await proxmox() : await foreman();
      const credential = 'flowToken' in double.credentials ? double.credentials.flowToken.full : '';
      const made = await server.call('POST', '/api/v1/connections', {
        token: server.admin,
        body: {
          name: kind,
          kind,
          url: double.url,
          trust: { mode: 'pin', fingerprint: double.fingerprint },
          credential:
            'inventoryToken' in double.credentials
              ? {
                  user: double.credentials.inventoryToken.login,
                  secret: double.credentials.inventoryToken.token,
                }
              : { secret: credential },
        },
      });
      expect(made.status, made.text).toBe(201);
      const route = await server.call('POST', '/api/v1/routes', {
        token: server.admin,
        body: { name: `to-${kind}`, connection: kind },
      });
      expect(route.status, route.text).toBe(201);
      const { page, context, complaints } = await open(`/routes/to-${kind}`, `to-${kind}`);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      for (const [tool, sign] of Object.entries(tools)) {
        await page.getByRole('tab', { name: tool, exact: true }).click();
        const panel = page.getByRole('tabpanel');
        const code = (await panel.locator('pre').textContent()) ?? '';
        expect(code, tool).toMatch(sign);
        expect(code, tool).toContain('TESSERA_TOKEN');
        expect(code, tool).toContain(`to-${kind}`);
        await panel.getByRole('button', { name: `Copy the ${tool} configuration` }).click();
        expect(await page.evaluate('navigator.clipboard.readText()'), tool).toBe(code);
        expect(await seriousFindings(page), tool).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await context.close();
    },
  );

  test.each<Scheme>(['light', 'dark'])(
    'a route in use has no serious finding, wide and narrow (%s)',
    async (scheme) => {
      const name = `seen-${scheme}`;
      await server.route(name, service.url, {
        rules: [
          { methods: ['GET'], path: '/open/**', access: 'anyone' },
          { path: '/shut/**', access: 'never' },
        ],
      });
      await server.call('GET', `/connect/${name}/open/1`);
      await server.call('GET', `/connect/${name}/other`, { token: (await server.token('user:token')).token });
      for (const width of [1280, 390]) {
        const { page, context, complaints } = await visit(browser, { scheme, width });
        await signedIn({ page, context, complaints }, server);
        await page.goto(`${server.url}/routes/${name}`);
        await settled(page, name);
        await page.getByRole('table', { name: 'Newest calls' }).waitFor();
        await page.getByRole('button', { name: 'Try it' }).click();
        await page.getByText('It would be refused with 401').waitFor();
        expect(await seriousFindings(page), `${width} pixels`).toEqual([]);
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(overflow), `${width} pixels`).toBeLessThanOrEqual(0);
        await page.goto(`${server.url}/audit?route=${name}`);
        await settled(page, 'Audit');
        await page.getByText('route.refused').first().waitFor();
        expect(await seriousFindings(page), `audit, ${width} pixels`).toEqual([]);
        await page.goto(`${server.url}/routes/${name}/edit`);
        await settled(page, `Change ${name}`);
        expect(await seriousFindings(page), `edit, ${width} pixels`).toEqual([]);
        expect(complaints).toEqual([]);
        await context.close();
      }
    },
  );

  test('a route that is not there is told so', async () => {
    const { page, context } = await open('/routes/absent', 'absent');
    await page.getByRole('alert').getByText('The route could not be read').waitFor();
    await context.close();
  });
});
