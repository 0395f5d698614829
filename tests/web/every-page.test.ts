import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestServer } from '../support/server.ts';
import { seriousFindings } from './axe.ts';
import { launchBrowser, type Scheme, settled, signedIn, type Visit, visit } from './browser.ts';
import { addressOf, PAGES } from './pages.ts';
import { type Sample, startTeam, type Team } from './sample.ts';

let team: Team;
let server: TestServer;
let browser: Browser;
let sample: Sample;
beforeAll(async () => {
  team = await startTeam();
  ({ server, sample } = team);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await team.close();
});

describe.each<Scheme>(['light', 'dark'])('in %s', (scheme) => {
  let inside: Visit;
  let outside: Visit;
  beforeAll(async () => {
    inside = await visit(browser, { scheme });
    outside = await visit(browser, { scheme });
    await signedIn(inside, server);
  });

  test.each(PAGES)('$name has no serious finding and no complaint, wide and narrow', async (row) => {
    const { page, complaints } = row.open === true ? outside : inside;
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(server.url + addressOf(row, sample));
    await settled(page, row.heading);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await seriousFindings(page), `${width} pixels`).toEqual([]);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, `${width} pixels: wider than the window`).toBeLessThanOrEqual(0);
    }
    expect(complaints.splice(0)).toEqual([]);
  });

  test('the menus of a phone have no serious finding', async () => {
    const { page } = inside;
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(server.url);
    await settled(page, /^Welcome/);
    await page.getByRole('button', { name: 'Account of admin' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    expect(await seriousFindings(page), 'account').toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /navigation|menu/i }).click();
    await page.getByRole('link', { name: 'Expiry calendar' }).click();
    await settled(page, 'Expiry calendar');
    await page.getByRole('button', { name: 'Open the navigation' }).waitFor();
  });
});
