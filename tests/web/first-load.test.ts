import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { launchBrowser, settled, signedIn, visit } from './browser.ts';

const LIMIT = 250 * 1024;

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

test.each([
  ['/', /^Welcome/],
  ['/tokens', 'Security tokens'],
  ['/tokens/new', 'New token'],
  ['/sign-in', 'Sign in'],
])('all that a first visit of %s loads is at most 250 KiB compressed', async (path, heading) => {
  const window = await visit(browser);
  if (path !== '/sign-in') await signedIn(window, server);
  const loaded = new Set<string>();
  window.page.on('request', (request) => loaded.add(request.url()));
  await window.page.goto(server.url + path);
  await settled(window.page, heading);
  await window.context.close();

  const files = [...loaded]
    .map((url) => url.slice(server.url.length))
    .filter((url) => !url.startsWith('/api/'));
  expect(files.filter((file) => file.startsWith('/assets/')).length).toBeGreaterThan(2);
  // Over plain http to another machine browsers take gzip only.
  let bytes = 0;
  for (const file of files) {
    const headers = { 'accept-encoding': 'gzip', accept: 'text/html' };
    bytes += Number((await server.call('GET', file, { headers })).headers.get('content-length'));
  }
  expect(bytes).toBeGreaterThan(50 * 1024);
  expect(bytes).toBeLessThanOrEqual(LIMIT);
});
