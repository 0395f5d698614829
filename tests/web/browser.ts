import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { PASSWORD, type TestServer } from '../support/server.ts';

/** A real Chromium that talks to nobody but the server under test. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export type Scheme = 'light' | 'dark';

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about: failures of scripts, and everything the policy refused. */
  readonly complaints: string[];
}

interface VisitOptions {
  readonly scheme?: Scheme;
  readonly width?: number;
  readonly height?: number;
}

/** A browser window of its own, signed in to nothing. */
export async function visit(browser: Browser, options: VisitOptions = {}): Promise<Visit> {
  const { scheme = 'light', width = 1280, height = 800 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Refused calls are answers that pages deal with.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return { page, context, complaints };
}

/** Gives the window a session without its form. */
export async function signedIn(
  { context }: Visit,
  server: TestServer,
  username = 'admin',
  password = PASSWORD,
): Promise<void> {
  const answer = await server.call('POST', '/api/v1/sessions', {
    body: { username, password, delivery: 'cookie' },
  });
  const value = /tessera_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1];
  if (value === undefined) throw new Error(`signing in ${username} answered ${answer.text}`);
  await context.addCookies([{ name: 'tessera_session', value, url: server.url, httpOnly: true }]);
}

/** Waits until the page has its heading and everything it asked for. */
export async function settled(page: Page, heading: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}
