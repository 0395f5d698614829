import { expect, test } from 'vitest';
import { Secret } from '../base/secret.ts';
import { createPasswordHasher } from './password.ts';

const RIGHT = new Secret('the right password');

test('a hash belongs to its password and to no other; where there is none, nothing matches', async () => {
  const hasher = createPasswordHasher();
  const made = await hasher.hash(RIGHT);
  if (!made.ok) throw new Error(made.error.message);
  expect(made.value).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await hasher.verify(RIGHT, made.value)).toEqual({ ok: true, value: true });
  expect(await hasher.verify(new Secret('another'), made.value)).toEqual({ ok: true, value: false });
  expect(await hasher.verify(RIGHT, null)).toEqual({ ok: true, value: false });
});

test('what comes when as many run and wait as may is refused, and later ones are taken again', async () => {
  const hasher = createPasswordHasher({ lanes: 2, waiting: 3 });
  const answers = await Promise.all(Array.from({ length: 9 }, () => hasher.verify(RIGHT, null)));
  expect(answers.map((answer) => answer.ok)).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(answers.at(-1)).toMatchObject({
    error: { code: 'unavailable', retryAfterSeconds: expect.any(Number) },
  });
  expect(await hasher.verify(RIGHT, null)).toEqual({ ok: true, value: false });
});
