import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** What outlives a page in the browser, or is seen by whoever sits down at it later. */
const KEPT = `(async () => JSON.stringify([
  { ...localStorage },
  { ...sessionStorage },
  document.cookie,
  location.href,
  history.state,
  await indexedDB.databases(),
  await caches.keys(),
  (await navigator.serviceWorker.getRegistrations()).length,
]))()`;

/** No secret stays in the browser: neither these, nor anything that looks like a token of ours. */
export async function expectNoSecretKept(page: Page, ...secrets: readonly string[]): Promise<void> {
  const kept = await page.evaluate<string>(KEPT);
  expect(kept).toContain(new URL(page.url()).origin);
  expect(kept).not.toMatch(/tsr-[0-9A-Za-z]{10}|gt-[\w-]{10}/);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(3);
    expect(kept).not.toContain(secret);
  }
}
