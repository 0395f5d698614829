import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { TestServer } from '../support/server.ts';
import { launchBrowser, type Scheme, settled, signedIn, type Visit, visit } from './browser.ts';
import { addressOf, PAGES } from './pages.ts';
import { type Sample, startTeam, type Team } from './sample.ts';

/** `npm run screenshots`: every page in two widths and two themes. `npm run screenshots -- -t token` takes some. */
const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } } as const;

/** Lists without end are cut off here. */
const TALLEST = 2600;

let team: Team;
let server: TestServer;
let sample: Sample;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  team = await startTeam();
  ({ server, sample } = team);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await team.close();
});

describe.each<Scheme>(['light', 'dark'])('%s', (scheme) => {
  describe.each(Object.keys(SIZES) as (keyof typeof SIZES)[])('%s', (size) => {
    let inside: Visit;
    let outside: Visit;
    beforeAll(async () => {
      inside = await visit(browser, { scheme, ...SIZES[size] });
      outside = await visit(browser, { scheme, ...SIZES[size] });
      await signedIn(inside, server);
    });
    afterAll(async () => {
      await inside.context.close();
      await outside.context.close();
    });

    test.each(PAGES)('$name', async (row) => {
      const { page } = row.open === true ? outside : inside;
      await page.goto(server.url + addressOf(row, sample));
      await settled(page, row.heading);
      // The window grows to the page, so that the picture shows all of it and the side bar beside it.
      const tall = await page.evaluate<number>('document.documentElement.scrollHeight');
      const { width, height } = SIZES[size];
      await page.setViewportSize({ width, height: Math.min(Math.max(tall, height), TALLEST) });
      await page.screenshot({ path: `${FOLDER}${row.name}-${size}-${scheme}.png`, animations: 'disabled' });
      await page.setViewportSize(SIZES[size]);
    });
  });
});
