import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { closeAll, foreman, proxmox, proxmoxAsPve } from '../connections/support.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';
import { expectNoSecretKept } from './kept.ts';

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
afterEach(closeAll);

async function opened(path: string, heading: string | RegExp, width = 1280): Promise<Visit> {
  const window = await visit(browser, { width });
  await signedIn(window, server);
  await window.page.goto(server.url + path);
  await settled(window.page, heading);
  return window;
}

const api = (method: string, path: string, body?: unknown) =>
  server.call(method, `/api/v1${path}`, { token: server.admin, ...(body === undefined ? {} : { body }) });

/** From the empty form to the question for a credential, with exactly the certificate shown trusted. */
async function trustShown(page: Page, kind: string, address: string, fingerprint: string): Promise<void> {
  await page.getByRole('radio', { name: kind }).click();
  await page.getByLabel('Address').fill(address);
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByText('Nobody this server knows vouches for it').waitFor();
  expect(await page.locator('[data-certificate]').innerText()).toContain(fingerprint);
  await page.getByRole('button', { name: 'Trust exactly this certificate' }).click();
}

describe('connecting a system', () => {
  test('shows the certificate first, explains a wrong secret, and stores what works', async () => {
    const double = await proxmox({ release: '8.2' });
    const { flowToken } = double.credentials;
    const { page, complaints, context } = await opened('/connections/new', 'Connect a system');
    await trustShown(page, 'Proxmox VE', `${double.url}/#v1:0:18`, double.fingerprint);
    expect(double.requests).toEqual([]);
    expect(await seriousFindings(page), 'credential').toEqual([]);

    // The whole line as Proxmox shows it, with the last four characters wrong.
    const wrong = `${flowToken.secret.slice(0, -4)}0000`;
    await page.getByLabel('Secret of the token').fill(`${flowToken.tokenid}=${wrong}`);
    expect(await page.getByLabel('Token id').inputValue()).toBe(flowToken.tokenid);
    await page.getByRole('button', { name: 'Test it' }).click();
    const finding = page.locator('[data-finding=SECRET_WRONG]');
    await finding.waitFor();
    expect(await finding.innerText()).toContain('pveum user token');
    await finding.getByRole('button', { name: 'Copy what to do' }).waitFor();
    expect(await seriousFindings(page), 'finding').toEqual([]);
    expect(await page.innerText('body')).not.toContain(wrong);
    expect((await api('GET', '/connections')).json.items).toEqual([]);

    await page.getByLabel('Secret of the token').fill(flowToken.secret);
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.getByText('It holds all that clone-vm needs').waitFor();
    await page.getByRole('table', { name: 'Rights for clone-vm' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('pve-lab');
    await page.getByRole('button', { name: 'Seal and store it' }).click();
    await settled(page, 'pve-lab');
    await page.getByText('Pinned certificate').waitFor();
    const [stored] = (await api('GET', '/connections')).json.items;
    expect(stored).toMatchObject({ name: 'pve-lab', state: 'healthy', trust: { mode: 'pin' } });
    expect(complaints).toEqual([]);
    await expectNoSecretKept(page, flowToken.secret);
    await api('DELETE', '/connections/pve-lab');
    await context.close();
  });

  test('never sends a refused login of Foreman twice, and follows a fault of the network to its layer', async () => {
    const double = await foreman();
    const { inventoryToken } = double.credentials;
    const { page, context } = await opened('/connections/new', 'Connect a system', 390);
    await trustShown(page, 'Foreman', double.url, double.fingerprint);
    await page.getByLabel('Personal access token').fill(`inventory:${'x'.repeat(22)}`);
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.locator('[data-finding]').first().waitFor();
    await page.getByText('It is not sent a second time').waitFor();
    expect(await page.getByRole('button', { name: 'Test again' }).isDisabled()).toBe(true);
    expect([...double.foreman.failures.values()].map(({ count }) => count)).toEqual([1]);

    await page.getByLabel('Personal access token').fill(inventoryToken.token);
    await double.setFault('MIGRATION_PENDING', true);
    await page.getByRole('button', { name: 'Test it' }).click();
    await page.locator('[data-finding=FOREMAN_MAINTENANCE]').waitFor();
    await double.setFault('MIGRATION_PENDING', false);
    await page.getByRole('button', { name: 'Test again' }).click();
    await page.getByLabel('Name', { exact: true }).fill('foreman-lab');
    await page.getByRole('button', { name: 'Seal and store it' }).click();
    await settled(page, 'foreman-lab');
    await api('DELETE', '/connections/foreman-lab');
    await context.close();
  });

  test.each(['Proxmox VE', 'Foreman'])(
    '%s makes a token by an administrator login that is used once',
    async (kind) => {
      const double = kind === 'Foreman' ? await foreman() : await proxmox();
      const { user, password } =
        'root' in double.credentials
          ? double.credentials.root
          : {
              user: double.credentials.administrator.login,
              password: double.credentials.administrator.password,
            };
      const { page, context, complaints } = await opened('/connections/new', 'Connect a system');
      await trustShown(page, kind, double.url, double.fingerprint);
      await page.getByRole('button', { name: 'Have one made' }).click();
      await page.getByLabel('Administrator', { exact: true }).fill(user);
      await page.getByLabel('Password of the administrator').fill('not it');
      await page.getByLabel('Name of the connection').fill('made-here');
      await page.getByRole('button', { name: 'Make and store it' }).click();
      await page.getByRole('alert').first().waitFor();
      expect(await page.getByLabel('Password of the administrator').inputValue()).toBe('');
      await page.getByLabel('Password of the administrator').fill(password);
      await page.getByRole('button', { name: 'Make and store it' }).click();
      await page.getByText('Nobody saw its secret.').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await expectNoSecretKept(page, password);
      await page.getByRole('link', { name: 'Open made-here' }).click();
      await settled(page, 'made-here');
      await page.getByText('1, sealed').waitFor();
      expect(complaints).toEqual([]);
      expect((await api('POST', '/connections/made-here/test')).json.ok).toBe(true);
      await api('DELETE', '/connections/made-here');
      await context.close();
    },
  );

  test('says what is wrong with an address before anything else', async () => {
    const { page, context } = await opened('/connections/new', 'Connect a system');
    await page.getByRole('radio', { name: 'Any HTTP API' }).click();
    for (const [typed, said] of [
      ['https://user:secret@api.example', /user name or password/i],
      ['https://api.example/?a=1', /query/i],
      ['ftp://api.example', /https:\/\/ or http:\/\//i],
    ] as const) {
      await page.getByLabel('Address').fill(typed);
      await page.getByRole('button', { name: 'Look at it' }).click();
      await page.getByText(said).waitFor();
    }
    await page.getByLabel('Address').fill('https://127.0.0.1:1');
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText('It does not answer as it should').waitFor();
    await context.close();
  });
});

describe('a connection', () => {
  async function stored() {
    const double = await proxmox();
    const made = await api('POST', '/connections', proxmoxAsPve(double));
    expect(made.status, made.text).toBe(201);
    return { double, path: `/connections/${made.json.connection.id}` };
  }

  test('is tested, compared with a task, and stops at a changed certificate until that is accepted', async () => {
    const { double, path } = await stored();
    const { page, context, complaints } = await opened(path, 'pve');
    await page.getByRole('button', { name: 'Test now' }).click();
    await page.getByRole('heading', { name: 'It works' }).waitFor();
    await page.getByRole('combobox', { name: 'Compare what it holds with what this needs' }).click();
    await page.getByRole('option', { name: /^inventory/ }).click();
    await page.getByRole('table', { name: 'Rights for inventory' }).waitFor();

    await double.setFault('TLS_CHANGED', true);
    await page.getByRole('button', { name: 'Test now' }).click();
    await page.locator('[data-finding=TLS_CHANGED]').waitFor();
    await page.getByText('Stopped: trust').waitFor();
    await page.getByRole('row', { name: /Certificate changed/ }).waitFor();
    await page.getByRole('button', { name: 'Look at its certificate' }).click();
    await page.getByText('It shows another certificate than the pinned one').waitFor();
    await page.getByRole('button', { name: 'Trust exactly this certificate' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toContain(`Until now: ${double.fingerprint}`);
    await dialog.getByRole('button', { name: 'Trust it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Test now' }).click();
    await page.getByRole('heading', { name: 'It works' }).waitFor();
    await page.getByRole('button', { name: /^Mark as seen/ }).click();
    await page.getByText('by admin', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await api('DELETE', '/connections/pve');
    await context.close();
  });

  test('gets another credential once that was tested: a wrong one is explained, and the present one stays', async () => {
    const { double, path } = await stored();
    const { page, context, complaints } = await opened(path, 'pve');
    const { flowToken } = double.credentials;
    await page.getByRole('button', { name: 'Replace it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replace the credential' });
    const secret = dialog.getByLabel('Secret of the token');
    await secret.fill(`${flowToken.secret.slice(0, -4)}0000`);
    expect(await seriousFindings(page), 'empty').toEqual([]);
    await dialog.getByRole('button', { name: 'Test and store it' }).click();
    const finding = dialog.getByRole('alert').locator('[data-finding]');
    await finding.getByRole('button', { name: 'Copy what to do' }).waitFor();
    expect(await seriousFindings(page), 'refused').toEqual([]);
    expect((await api('GET', '/connections/pve')).json).toMatchObject({ credential_version: 1 });
    await secret.fill(flowToken.secret);
    await dialog.getByRole('button', { name: 'Test and store it' }).click();
    await page.getByText('The new credential works and is stored').waitFor();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('2, sealed').waitFor();
    await expectNoSecretKept(page, flowToken.secret);
    expect(complaints).toEqual([]);
    await api('DELETE', '/connections/pve');
    await context.close();
  });

  test('gets its credential rotated, then revoked at the system, and is deleted with its name typed', async () => {
    const { double, path } = await stored();
    const { page, context } = await opened(path, 'pve');
    const { root } = double.credentials;
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog', { name: 'Rotate the credential' }).waitFor();
    expect(await seriousFindings(page), 'rotate').toEqual([]);
    await page.getByLabel('Administrator (optional)').fill(root.user);
    await page.getByLabel('Password of the administrator').fill(root.password);
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await page.getByText('2, sealed').waitFor();
    await expectNoSecretKept(page, root.password);
    await page.getByRole('button', { name: 'Revoke it there' }).click();
    const revoking = page.getByRole('dialog', { name: 'Revoke it at the system?' });
    await revoking.getByText(/Routes to this connection refuse/).waitFor();
    expect(await seriousFindings(page), 'revoke').toEqual([]);
    await revoking.getByLabel('Administrator (optional)').fill(root.user);
    await revoking.getByLabel('Password of the administrator').fill(root.password);
    await revoking.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('none is stored').waitFor();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByLabel(/^Type pve/).fill('pve');
    expect(await seriousFindings(page), 'delete').toEqual([]);
    await page.getByRole('button', { name: 'Delete the connection' }).click();
    await settled(page, 'Connections');
    await page.getByText('Nothing is connected yet').waitFor();
    await context.close();
  });

  test('that is not there, or that one may not see, says so', async () => {
    const { page, context } = await opened('/connections/no-such', 'No such connection');
    await page.getByText('There is no connection').waitFor();
    await context.close();
    await server.user('eve');
    const window = await visit(browser);
    await signedIn(window, server, 'eve');
    await window.page.goto(`${server.url}/connections`);
    await window.page.getByText('Your account may not see this').waitFor();
    await window.page.goto(`${server.url}/connections/new`);
    await window.page.getByText('Your account may not see this').waitFor();
    await window.context.close();
  });
});

describe('what other systems say', () => {
  const ATTACKS = [
    '<img src=x onerror=alert(1)>',
    '"><script>window.stolen=1</script>',
    'javascript:alert(1)',
    '</textarea><svg/onload=alert(1)>',
  ];

  test('is shown as text, in names and in the words of a refusal', async () => {
    const window = await visit(browser);
    await signedIn(window, server);
    const alerts: string[] = [];
    window.page.on('dialog', (dialog) => {
      alerts.push(dialog.message());
      void dialog.dismiss();
    });
    const upstream = await shouting(ATTACKS.join(' '));
    for (const [at, attack] of ATTACKS.entries()) {
      const made = await api('POST', '/connections', {
        name: `${at} ${attack}`,
        kind: 'gafaelfawr',
        url: upstream,
        credential: { secret: `gt-${'a'.repeat(22)}.${'b'.repeat(22)}` },
        test: false,
      });
      expect(made.status, made.text).toBe(201);
      const { id } = made.json.connection;
      await window.page.goto(`${server.url}/connections/${id}`);
      await settled(window.page, `${at} ${attack}`);
      await window.page.getByRole('button', { name: 'Test now' }).click();
      const finding = window.page.locator('[data-finding]').first();
      await finding.waitFor();
      expect(await finding.innerText()).toContain(ATTACKS[0]);
    }
    await window.page.goto(`${server.url}/connections`);
    await settled(window.page, 'Connections');
    await window.page.goto(`${server.url}/expiry`);
    await settled(window.page, 'Expiry calendar');
    expect(await window.page.evaluate('window.stolen')).toBeUndefined();
    expect(alerts).toEqual([]);
    expect(window.complaints).toEqual([]);
    for (const { id } of (await api('GET', '/connections')).json.items)
      await api('DELETE', `/connections/${id}`);
    await window.context.close();
  });
});

describe('the expiry calendar', () => {
  test('shows what Tessera issued beside what it holds, by month', async () => {
    const double = await proxmox();
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    await api('POST', '/tokens', { name: 'laptop', expires_at: day(3) });
    await api('POST', '/service-tokens', {
      username: 'bot-metrics',
      scopes: ['write:sasquatch'],
      expires_at: day(20),
    });
    await api('POST', '/connections', {
      ...proxmoxAsPve(double),
      trust: { mode: 'none', reason: 'lab', until: day(90).slice(0, 10) },
    });
    const { page, context } = await opened('/expiry', 'Expiry calendar');
    const texts = await page.locator('main li').allInnerTexts();
    expect(texts.map((text) => text.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/laptop within 7 days token of admin/),
      expect.stringMatching(/bot-metrics within 30 days service token/),
      expect.stringMatching(/pve trust without checking/),
    ]);
    await page.getByText('Held', { exact: true }).click();
    expect(await page.locator('main li').count()).toBe(1);
    await page.getByRole('link', { name: 'pve' }).click();
    await settled(page, 'pve');
    await context.close();
  });
});

/** A system whose refusals are made of attacks. */
async function shouting(text: string): Promise<string> {
  const { createServer } = await import('node:http');
  const { later } = await import('../connections/support.ts');
  const upstream = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ detail: [{ msg: text, type: text }] }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  later({ close: () => new Promise((resolve) => upstream.close(resolve)) });
  const address = upstream.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
