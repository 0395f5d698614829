import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withSpinner } from './spinner.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const takes = (ms: number) => new Promise<string>((resolve) => setTimeout(() => resolve('done'), ms));

test('work of less than a second shows nothing', async () => {
  const output = new PassThrough();
  const work = withSpinner(output, 'Waiting', takes(999));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await work).toBe('done');
  expect(output.read()).toBeNull();
});

test('work of more than a second shows that it goes on, and leaves an empty line', async () => {
  const output = new PassThrough();
  const work = withSpinner(output, 'Waiting', takes(2000));
  await vi.advanceTimersByTimeAsync(5000);
  expect(await work).toBe('done');
  const shown = String(output.read());
  expect(shown).toContain('Waiting');
  expect(shown.endsWith('\r\u001b[K')).toBe(true);
});

test('work that fails ends the spinner and fails', async () => {
  const output = new PassThrough();
  const failing = takes(2000).then(() => {
    throw new Error('no luck');
  });
  const work = expect(withSpinner(output, 'Waiting', failing)).rejects.toThrow('no luck');
  await vi.advanceTimersByTimeAsync(5000);
  await work;
  expect(vi.getTimerCount()).toBe(0);
});
