import { expect, test } from 'vitest';
import { keyText, parseKeyText } from './keyring.ts';

const ONE = keyText(new Uint8Array(32).fill(1));
const TWO = keyText(new Uint8Array(32).fill(2));

test('comments may hold anything, commas and keys too; the first key is the active one', () => {
  const keys = parseKeyText(`# made in May, by Ann, who left\n${ONE} # active, since June\n# ${TWO}\n${TWO}`);
  expect(keys?.map(({ bytes }) => bytes[0])).toEqual([1, 2]);
  expect(parseKeyText(`${ONE},${TWO}`)).toHaveLength(2);
});

test('one line that is no key spoils all', () => {
  expect(parseKeyText(`${ONE}\n${TWO.slice(1)}`)).toBeNull();
  expect(parseKeyText('# only, comments')).toBeNull();
});
