import { expect, test } from 'vitest';

test('fails on purpose', () => expect('this').toBe('that'));
