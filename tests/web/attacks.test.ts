import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { launchBrowser, settled, signedIn, type Visit, visit } from './browser.ts';
import { addressOf, PAGES } from './pages.ts';
import { fill, type Sample } from './sample.ts';

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

let server: TestServer;
let browser: Browser;
let sample: Sample;
let foreign: Server;
let foreignUrl: string;
let body = '';
beforeAll(async () => {
  server = await startTestServer();
  sample = await fill(server);
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
  await server.close();
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
  await call('PATCH', '/api/v1/users/maya', { token: admin, body: { name: CORPUS[0], email: CORPUS[1] } });
}

/** Everything that would show that a payload came alive. */
function watch({ page }: Visit): { dialogs: string[]; strangers: string[] } {
  const seen = { dialogs: [] as string[], strangers: [] as string[] };
  page.on('dialog', (dialog) => {
    seen.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) seen.strangers.push(request.url());
  });
  return seen;
}

const ran = (page: Page) => page.evaluate("typeof ran === 'undefined' ? null : ran");

test.each(PAGES)('what strangers stored runs nothing on $name', async (row) => {
  const window = await visit(browser);
  const seen = watch(window);
  if (row.open !== true) await signedIn(window, server);
  await window.page.goto(server.url + addressOf(row, sample));
  await settled(window.page, row.heading);
  expect(await ran(window.page)).toBeNull();
  expect(seen).toEqual({ dialogs: [], strangers: [] });
  expect(window.complaints).toEqual([]);
  expect(await window.page.locator('a[href^="javascript:"], iframe, base').count()).toBe(0);
  await window.context.close();
});

test('what strangers stored is shown as the text that it is', async () => {
  const window = await visit(browser);
  await signedIn(window, server);
  await window.page.goto(`${server.url}/roles`);
  for (const text of CORPUS) await window.page.getByText(text, { exact: true }).first().waitFor();
  await window.context.close();
});

test('payloads in the address run nothing', async () => {
  for (const text of CORPUS) {
    const window = await visit(browser);
    const seen = watch(window);
    await signedIn(window, server);
    for (const path of ['/tokens/', '/users/', '/tokens?user=', '/sign-in?next=', '/no/']) {
      await window.page.goto(server.url + path + encodeURIComponent(text));
      await window.page.getByRole('heading', { level: 1 }).waitFor();
      expect(await ran(window.page), path).toBeNull();
    }
    expect(seen).toEqual({ dialogs: [], strangers: [] });
    await window.context.close();
  }
});

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
