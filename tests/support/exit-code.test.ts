import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('a run in which a test fails ends with another code than 0', () => {
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', 'tests/support/failing.config.ts'],
    { cwd: ROOT, env, encoding: 'utf8', timeout: 50_000 },
  );
  expect(`${stdout}${stderr}`).toContain('fails on purpose');
  expect(status).toBe(1);
});
