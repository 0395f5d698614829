import { chromium } from 'playwright-core';
import { onAllCores } from '../lib/machine.ts';
import { median, ms } from '../lib/numbers.ts';
import { samplesText, takeSamples } from '../lib/quiet.ts';
import type { Measurement } from '../lib/result.ts';
import { newFolder, serve, setUp } from '../lib/tessera.ts';

const LIMIT_MS = 1000;
/** The button that mints a token. A search by role and name would take a tenth of what is measured. */
const FIRST_STEP = 'a[href="/tokens/new"]';

/** What is used of a page from inside of it. */
interface Page {
  readonly document: { querySelector(selector: string): object | null };
}

/**
 * From the address to a page that can be used, in a browser that has none of its files: the home page is drawn, knows
 * who is signed in, and its first button takes a click.
 */
export const page: Measurement = async (scale) => {
  const server = await serve(await newFolder());
  const session = await setUp(server);
  const browser = await onAllCores(() =>
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    }),
  );
  const visit = async (): Promise<number> => {
    const context = await browser.newContext();
    await context.addCookies([{ name: 'tessera_session', value: session, url: server.url, httpOnly: true }]);
    const tab = await context.newPage();
    const startedAt = performance.now();
    await tab.goto(server.url, { waitUntil: 'commit' });
    // Looked for at every frame; the click below would look after pauses that grow to half a second.
    await tab.waitForFunction(
      (step) => (globalThis as unknown as Page).document.querySelector(step) !== null,
      FIRST_STEP,
      { polling: 'raf' },
    );
    await tab.locator(FIRST_STEP).first().click({ trial: true });
    const took = performance.now() - startedAt;
    await context.close();
    return took;
  };
  await visit();
  const visits = await takeSamples(scale.starts, visit);
  await browser.close();
  await server.stop();
  const times = visits.kept;
  const middle = median(times);
  return [
    {
      what: 'first visit of the home page, until it can be used',
      target: `<= ${LIMIT_MS} ms`,
      measured: `${ms(middle)} (${ms(Math.min(...times))}-${ms(Math.max(...times))})`,
      met: middle <= LIMIT_MS,
      notes: `median of ${samplesText(visits, 'visits')}, each in a browser window without a cache`,
    },
  ];
};
