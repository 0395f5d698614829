import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Dialog, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxmoxAs } from '../support/doubles.ts';
import type { TestServer } from '../support/server.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';
import { addressOf, PAGES } from './pages.ts';
import { ended, type Sample, startTeam, type Team } from './sample.ts';

/** Each sets `ran` where it runs. */
const CORPUS = [
  '<script>ran=1</script>',
  '"><img src=x onerror=ran=1>',
  "'><svg/onload=ran=1>",
  '</style></title><script>ran=1</script>',
  'javascript:ran=1//',
  '<iframe srcdoc="<script>parent.ran=1</script>">',
  '<a href="javascript:ran=1" id=x>x</a>',
  "{{constructor.constructor('ran=1')()}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of an attack
  '${ran=1}',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=ran=1>',
  '<img src="https://evil.example/pixel">',
  '<style>@import "https://evil.example/x.css"</style>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '\u202egnp.exe<details open ontoggle=ran=1>',
];

let team: Team;
let server: TestServer;
let browser: Browser;
let sample: Sample;
let foreign: Server;
let foreignUrl: string;
let body = '';
beforeAll(async () => {
  team = await startTeam();
  ({ server, sample } = team);
  await poison(server);
  browser = await launchBrowser();
  foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(body);
  });
  await new Promise<void>((done) => foreign.listen(0, '127.0.0.1', done));
  foreignUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await browser.close();
  foreign.close();
  await team.close();
});

/** Stores the corpus wherever free text is taken. */
async function poison({ call, admin }: TestServer): Promise<void> {
  const post = async (path: string, json: unknown) => {
    const answer = await call('POST', path, { token: admin, body: json });
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  };
  for (const [at, text] of CORPUS.entries()) {
    const name = text.slice(0, 64);
    await post('/api/v1/tokens', { name, description: text, scopes: ['user:token'], expires_in: '10d' });
    await post('/api/v1/service-tokens', {
      username: `bot-x${at}`,
      description: text,
      scopes: ['user:token'],
      expires_in: '10d',
    });
    await post('/api/v1/scopes', { name: `x:${at}`, description: text });
    await post('/api/v1/roles', { name: `x${at}`, description: text, scopes: [`x:${at}`] });
    await post('/api/v1/users', { username: `x${at}`, name: text, email: text, roles: [`x${at}`] });
    await call('PATCH', `/api/v1/tokens/${sample.token}`, { token: admin, body: { description: text } });
  }
  await poisonSystems();
  await call('PATCH', '/api/v1/users/maya', { token: admin, body: { name: CORPUS[0], email: CORPUS[1] } });
}

const MACHINE_FIELDS = [
  'name',
  'user',
  'ip',
  'gateway',
  'version',
  'connection',
  'node',
  'storage',
  'bridge',
];

/** Names of connections, rules of routes, wishes for machines, and what the other system says of itself and of failures. */
async function poisonSystems(): Promise<void> {
  const { call, admin } = server;
  const post = (path: string, body: unknown) => call('POST', `/api/v1${path}`, { token: admin, body });
  const { double } = team;
  double.cluster.guests.get(9000)?.config.set('name', CORPUS.join(' '));
  double.cluster.guests.get(701)?.config.set('name', CORPUS.join(' '));
  for (const [at, text] of CORPUS.entries()) {
    const made = await post('/connections', {
      ...proxmoxAs(`${at} ${text}`.slice(0, 64), double),
      test: false,
    });
    // What turns the direction of writing around is no name at all.
    if (made.status !== (text.startsWith('\u202e') ? 400 : 201)) throw new Error(made.text);
    // Refused or kept: either way it must not run.
    for (const part of MACHINE_FIELDS)
      await post('/machines', { name: 'wish', connection: 'pve-lab', [part]: text });
    for (const part of ['ssh_keys', 'nameservers'])
      await post('/machines', { name: 'wish', connection: 'pve-lab', [part]: [text] });
    for (const part of ['name', 'host', 'to'])
      await post('/routes', { name: `r${at}`, to: 'http://127.0.0.1:9', [part]: text });
    await post('/routes', {
      name: `rules${at}`,
      to: 'http://127.0.0.1:9',
      rules: [{ methods: ['GET'], path: `/${encodeURIComponent(text)}`, scopes: [text] }],
    });
    await call('GET', `/connect/lab/api2/json/${encodeURIComponent(text)}`, { token: admin });
  }
  double.failStep('clone', CORPUS.join(' '), 9);
  const { json } = await post('/machines', { name: 'shouted', connection: 'pve-lab' });
  await ended(server, json.id);
  double.calm();
}

/** Everything that would show that a payload came alive, until it is ended. */
function watch({ page }: Visit) {
  const seen = { dialogs: [] as string[], strangers: [] as string[] };
  const onDialog = (dialog: Dialog): void => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  };
  const onRequest = (request: Request): void => {
    if (!request.url().startsWith(server.url)) seen.strangers.push(request.url());
  };
  page.on('dialog', onDialog).on('request', onRequest);
  return { seen, end: () => void page.off('dialog', onDialog).off('request', onRequest) };
}

const ran = (page: Page) => page.evaluate("typeof ran === 'undefined' ? null : ran");

describe('what strangers stored', () => {
  let inside: Visit;
  let outside: Visit;
  beforeAll(async () => {
    inside = await visit(browser);
    outside = await visit(browser);
    await signedIn(inside, server);
  });

  test.each(PAGES)('runs nothing on $name', async (row) => {
    const window = row.open === true ? outside : inside;
    const { page } = window;
    const { seen, end } = watch(window);
    await page.goto(server.url + addressOf(row, sample));
    await settled(page, row.heading);
    expect(await ran(page)).toBeNull();
    expect(seen).toEqual({ dialogs: [], strangers: [] });
    expect(window.complaints.splice(0)).toEqual([]);
    expect(await page.locator('a[href^="javascript:"], iframe, base').count()).toBe(0);
    end();
  });
});

test('what strangers stored is shown as the text that it is', async () => {
  const window = await visit(browser);
  await signedIn(window, server);
  await window.page.goto(`${server.url}/roles`);
  for (const text of CORPUS) await window.page.getByText(text, { exact: true }).first().waitFor();
  await window.context.close();
});

test('what the other system said of a failure, and of itself, is shown as text', async () => {
  const window = await visit(browser);
  const { seen } = watch(window);
  await signedIn(window, server);
  const { page } = window;
  await page.goto(`${server.url}/machines?show=jobs`);
  await page.getByRole('link', { name: 'shouted' }).click();
  await settled(page, 'shouted');
  const finding = page.locator('[data-finding]');
  await finding.locator('summary').click();
  const shown = await finding.innerText();
  for (const text of CORPUS.slice(0, 3)) expect(shown).toContain(text);
  expect(await ran(page)).toBeNull();
  await page.goto(`${server.url}/machines/templates?connection=pve-lab`);
  await page
    .getByRole('table')
    .getByText(CORPUS[0] ?? '')
    .waitFor();
  expect(await ran(page)).toBeNull();
  await page.goto(`${server.url}/machines/strays`);
  await page.getByRole('table').getByText(CORPUS.slice(0, 2).join(' ')).waitFor();
  await page.getByRole('button', { name: /^Remove .*\(701\)$/ }).click();
  await page.getByRole('dialog').waitFor();
  expect(await ran(page)).toBeNull();
  await page.goto(`${server.url}/machines/new`);
  await page.getByLabel('Name', { exact: true }).fill('refused');
  await page.getByLabel('Connection').selectOption('pve-lab');
  await page.getByLabel('Storage').fill(CORPUS[1] ?? '');
  await page.getByRole('button', { name: 'Make the machine' }).click();
  const refusal = page.locator('[data-finding=STORAGE_BAD]');
  await refusal.waitFor();
  expect(await refusal.innerText()).toContain(CORPUS[1]);
  expect(await ran(page)).toBeNull();
  expect(seen).toEqual({ dialogs: [], strangers: [] });
  expect(window.complaints).toEqual([]);
  await window.context.close();
});

test('payloads in the address run nothing', async () => {
  const window = await visit(browser);
  const { seen } = watch(window);
  await signedIn(window, server);
  for (const text of CORPUS) {
    for (const path of ['/tokens/', '/users/', '/machines/', '/tokens?user=', '/sign-in?next=', '/no/']) {
      await window.page.goto(server.url + path + encodeURIComponent(text));
      await window.page.getByRole('heading', { level: 1 }).waitFor();
      expect(await ran(window.page), path).toBeNull();
    }
  }
  expect(seen).toEqual({ dialogs: [], strangers: [] });
  await window.context.close();
}, 180_000);

test('no page can be shown inside a page of another site', async () => {
  const window = await visit(browser);
  await signedIn(window, server);
  for (const path of ['/', '/tokens', '/sign-in', '/docs', '/api/v1/me']) {
    body = `<iframe src="${server.url}${path}"></iframe>`;
    await window.page.goto(foreignUrl);
    const frame = await (await window.page.waitForSelector('iframe')).contentFrame();
    await frame?.waitForURL(/^chrome-error:/);
    expect(frame?.url(), path).toMatch(/^chrome-error:/);
  }
  await window.context.close();
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
  'a form of another page that sends %s with the session cookie changes nothing',
  async (type) => {
    const window = await visit(browser);
    await signedIn(window, server);
    const before = await server.call('GET', '/api/v1/tokens?user=*', { token: server.admin });
    body = `<form method="post" enctype="${type}" action="${server.url}/api/v1/tokens">
      <input name='{"name":"forged","x":"' value='"}'></form><script>document.forms[0].submit()</script>`;
    const [answer] = await Promise.all([
      window.page.waitForResponse(`${server.url}/api/v1/tokens`),
      window.page.goto(foreignUrl).catch(() => null),
    ]);
    expect(answer.status()).toBeGreaterThanOrEqual(400);
    expect(await answer.request().headerValue('cookie')).toContain('tessera_session');
    const after = await server.call('GET', '/api/v1/tokens?user=*', { token: server.admin });
    expect(after.json.items.length).toBe(before.json.items.length);
    await window.context.close();
  },
);

test('a script of another page cannot call with the session cookie', async () => {
  const window = await visit(browser);
  await signedIn(window, server);
  body = '<p>foreign';
  await window.page.goto(foreignUrl);
  for (const options of ["{credentials:'include'}", "{credentials:'include',method:'DELETE'}"]) {
    const outcome = await window.page.evaluate(
      `fetch('${server.url}/api/v1/sessions/current', ${options}).then((answer) => answer.text(), () => 'refused')`,
    );
    expect(outcome).toBe('refused');
  }
  await window.page.goto(`${server.url}/`);
  await settled(window.page, /^Welcome/);
  await window.context.close();
});
