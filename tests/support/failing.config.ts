import { defineConfig } from 'vitest/config';

/** One test that fails, with the setup of all others. */
export default defineConfig({
  test: {
    include: ['tests/support/failing.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    hookTimeout: 60_000,
  },
});
