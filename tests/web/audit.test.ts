import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { tamper } from '../support/tamper.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, settled, signedIn, visit } from './browser.ts';

const ATTACK = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

describe.each(ENGINES)('on %s', (engine) => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer({ engine });
    browser = await launchBrowser();
    await server.user('alice');
    for (let at = 0; at < 60; at++)
      await server.call('POST', '/api/v1/tokens', { token: server.admin, body: { name: `token ${at}` } });
    await server.call('POST', '/api/v1/roles', {
      token: server.admin,
      body: { name: 'curious', description: ATTACK, scopes: ['user:token'] },
    });
    await server.call('PATCH', '/api/v1/roles/curious', {
      token: server.admin,
      body: { description: ATTACK },
    });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(path: string, username = 'admin') {
    const window = await visit(browser);
    await signedIn(window, server, username);
    await window.page.goto(server.url + path);
    await settled(window.page, 'Audit');
    return window;
  }

  test('rows are found by who, what and when, and the address says it again', async () => {
    const { page, context, complaints } = await open('/audit');
    await page.getByRole('combobox', { name: 'What', exact: true }).fill('user.created');
    await page.getByLabel('Who', { exact: true }).fill('admin');
    await page.getByLabel('When', { exact: true }).selectOption('1h');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/action=user\.created/);
    await settled(page, 'Audit');
    const table = page.getByRole('table', { name: /^Rows of the audit trail/ });
    expect(await table.getByRole('row').count()).toBe(2);
    await table.getByText('alice').waitFor();

    await page.reload();
    await settled(page, 'Audit');
    expect(await page.getByRole('combobox', { name: 'What', exact: true }).inputValue()).toBe('user.created');
    expect(await table.getByRole('row').count()).toBe(2);

    // By the token with which it was done.
    const made = await server.call('GET', '/api/v1/audit?action=user.created', { token: server.admin });
    const mine = made.json.items[0].token;
    await page.getByRole('combobox', { name: 'What', exact: true }).fill('user.created');
    await page.getByLabel('With which token').fill(mine);
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(new RegExp(`token=${mine}`));
    await table.getByText('alice').waitFor();
    expect(await table.getByRole('row').count()).toBe(2);

    await page.getByLabel('Who', { exact: true }).fill('nobody');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Nothing of that kind happened').waitFor();
    await page.getByRole('button', { name: 'Show everything' }).click();
    await table.waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('rows of certain days are found, and those like one that is looked at', async () => {
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const { page, context, complaints } = await open('/audit?action=user.created');
    const table = page.getByRole('table', { name: /^Rows of the audit trail/ });
    await page.getByLabel('When', { exact: true }).selectOption('between');
    await page.getByLabel('From the day').fill(day(-7));
    await page.getByLabel('Up to and with').fill(day(-1));
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('Nothing of that kind happened').waitFor();
    await page.reload();
    expect(await page.getByLabel('Up to and with').inputValue()).toBe(day(-1));
    // The last day counts to its end.
    await page.getByLabel('Up to and with').fill(day(0));
    await page.getByRole('button', { name: 'Search' }).click();
    await table.getByText('alice').waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page
      .getByRole('button', { name: /^Details of row/ })
      .first()
      .click();
    await page.getByRole('link', { name: 'Only these: To what, alice' }).click();
    await page.waitForURL(/\/audit\?subject=alice$/);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.getByLabel('To what').inputValue()).toBe('alice');
    await table.getByText('user.created').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('older rows come on demand', async () => {
    const { page, context } = await open('/audit');
    const rows = page.getByRole('table').getByRole('row');
    expect(await rows.count()).toBe(51);
    await page.getByRole('button', { name: 'Show older rows' }).click();
    await page.getByText('setup.completed').waitFor();
    expect(await rows.count()).toBeGreaterThan(60);
    expect(await page.getByRole('button', { name: 'Show older rows' }).count()).toBe(0);
    await context.close();
  });

  test('what a row says in full is shown as text, whatever it is', async () => {
    const { page, context, complaints } = await open('/audit?action=role.changed');
    await page
      .getByRole('button', { name: /^Details of row/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('onerror', { exact: false }).waitFor();
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    // Whoever came by keyboard is where they were.
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(
      /^Details of row/,
    );
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('rows are taken along as CSV and as JSON, those that the filter matches and no other', async () => {
    const { page, context } = await open('/audit?action=token.created');
    const files: Record<string, string> = {};
    for (const form of ['CSV', 'JSON']) {
      await page.getByRole('button', { name: 'Export' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: `As ${form}` }).click(),
      ]);
      files[download.suggestedFilename()] = await readFile(await download.path(), 'utf8');
    }
    const json = JSON.parse(files['audit.json'] ?? '[]') as { action: string }[];
    expect(json.length).toBeGreaterThanOrEqual(60);
    expect(new Set(json.map(({ action }) => action))).toEqual(new Set(['token.created']));
    expect(files['audit.csv']?.trim().split('\r\n')).toHaveLength(json.length + 1);
    await context.close();
  });

  test('whoever may not read the trail is told which scope it takes', async () => {
    const { page, context } = await open('/audit', 'alice');
    await page.getByText('Your account may not see this').waitFor();
    await page.getByText('read:audit').first().waitFor();
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    await context.close();
  });

  test('the chain is proven, and a row that was edited is named', async () => {
    const { page, context } = await open('/audit');
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/^Unbroken: \d+ rows$/).waitFor();
    await tamper(server.database, "update audit set actor = 'mallory' where seq = 3");
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByRole('alert').getByText('The trail is not what it was').waitFor();
    await page.getByRole('alert').getByText('Row 3:').waitFor();
    await context.close();
  });
});
