import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.ts';
import { launchBrowser, type Scheme, settled, signedIn, visit } from './browser.ts';
import { PAGES } from './pages.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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

/** Findings of weight, each with the place. The policy keeps scripts of strangers out; the debugger is none. */
async function seriousFindings(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run(document).then((found) => JSON.stringify(found.violations))',
    awaitPromise: true,
    returnByValue: true,
  });
  const violations = JSON.parse(String(result.value)) as AxeResults['violations'];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ''}`));
}

describe.each<Scheme>(['light', 'dark'])('in %s', (scheme) => {
  test.each(PAGES)('$path has no serious finding and no complaint, wide and narrow', async (row) => {
    for (const width of [1280, 390]) {
      const window = await visit(browser, { scheme, width });
      if (row.open !== true) await signedIn(window, server);
      await window.page.goto(server.url + row.path);
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
