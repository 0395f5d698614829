import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, type Scheme, settled, signedIn, visit } from './browser.ts';
import { addressOf, PAGES } from './pages.ts';
import { fill, type Sample } from './sample.ts';

let server: TestServer;
let browser: Browser;
let sample: Sample;
beforeAll(async () => {
  server = await startTestServer();
  sample = await fill(server);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

describe.each<Scheme>(['light', 'dark'])('in %s', (scheme) => {
  test.each(PAGES)('$name has no serious finding and no complaint, wide and narrow', async (row) => {
    for (const width of [1280, 390]) {
      const window = await visit(browser, { scheme, width });
      if (row.open !== true) await signedIn(window, server);
      await window.page.goto(server.url + addressOf(row, sample));
      await settled(window.page, row.heading);
      expect(await seriousFindings(window.page), `${width} pixels`).toEqual([]);
      const overflow = await window.page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `${width} pixels: wider than the window`).toBeLessThanOrEqual(0);
      expect(window.complaints).toEqual([]);
      await window.context.close();
    }
  });
});
