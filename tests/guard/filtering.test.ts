import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/http/credential.ts';
import { ask, GUARDED, type Guarded, type Headers, passed, seen, startGuarded } from './support.ts';

let at: Guarded;
let token: string;
let session: string;
beforeAll(async () => {
  at = await startGuarded();
  token = await at.userToken('alice', []);
  session = await at.user('sally');
});
afterAll(() => at.close());

const GOOD_FORM = `gt-${'a'.repeat(22)}.${'b'.repeat(22)}`;
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const through = (headers: Headers) =>
  Promise.all([
    ask(`${at.url}/ingress/auth`, [...GUARDED, ['Cookie', `${SESSION_COOKIE}=${session}`], ...headers]),
    ask(`${at.url}/ingress/anonymous`, headers),
  ]);

/** With a good session in a cookie of its own, and without anything at the anonymous place: the same is kept. */
async function expectKept(headers: Headers, kept: [string, string][]): Promise<void> {
  const [guarded, anonymous] = await through(headers);
  expect(seen(guarded)).toEqual(passed(['X-Auth-Request-User', 'sally'], ...kept));
  expect(seen(anonymous)).toEqual(passed(...kept));
}

describe('an Authorization header', () => {
  test.each<[string, () => string]>([
    ['of a good token', () => `Bearer ${token}`],
    ['of a token that is none but looks like one', () => `Bearer ${GOOD_FORM}`],
    ['in any case, with any blanks', () => `bEARER   ${GOOD_FORM}`],
    ['with a tab for a blank', () => `Bearer\t${GOOD_FORM}`],
    ['of our other spelling', () => `Bearer tsr-${'a'.repeat(22)}-${'b'.repeat(28)}`],
    ['of Basic with a token as name', () => basic(`${GOOD_FORM}:x`)],
    ['of Basic with a token as password', () => basic(`x:${GOOD_FORM}`)],
    ['of Basic with a token in a third part', () => basic(`x:y:${GOOD_FORM}`)],
    ['of Basic with nothing but a token', () => basic(GOOD_FORM)],
  ])('%s ends here', async (_, value) => {
    await expectKept([['Authorization', value()]], []);
  });

  test.each<[string, string]>([
    ['of another’s token', 'Bearer abcdef'],
    ['with one character too few', `Bearer ${GOOD_FORM.slice(0, -1)}`],
    ['without a blank', GOOD_FORM],
    ['of Basic without a token', basic('name:password')],
    ['of Basic that cannot be read', 'Basic !!!not base64!!!'],
    ['of another scheme', `Digest ${GOOD_FORM}`],
  ])('%s goes on as it is', async (_, value) => {
    await expectKept([['Authorization', value]], [['Authorization', value]]);
  });

  test('that stands several times goes on as often as it carries no token, in the same order', async () => {
    await expectKept(
      [
        ['Authorization', 'Digest one'],
        ['authorization', `Bearer ${token}`],
        ['AUTHORIZATION', 'Bearer three'],
      ],
      [
        ['Authorization', 'Digest one'],
        ['Authorization', 'Bearer three'],
      ],
    );
  });
});

describe('a Cookie header', () => {
  test.each<[string, string | null]>([
    ['gafaelfawr=x', null],
    [`${SESSION_COOKIE}=x`, null],
    ['gafaelfawr=x; a=b', 'a=b'],
    ['a=b;gafaelfawr=x=y;  c=d', 'a=b; c=d'],
    ['gafaelfawrX=y; Xgafaelfawr=z', 'gafaelfawrX=y; Xgafaelfawr=z'],
    ['gafaelfawr; a=b', 'gafaelfawr; a=b'],
    ['name=\u00fcbel; gafaelfawr=x', 'name=\u00fcbel'],
    ['=x; broken; a="b c"', '=x; broken; a="b c"'],
  ])('%s goes on as %s', async (value, kept) => {
    await expectKept([['Cookie', value]], kept === null ? [] : [['Cookie', kept]]);
  });

  test('that stands several times is filtered each by itself', async () => {
    await expectKept(
      [
        ['Cookie', 'a=b; gafaelfawr=x'],
        ['Cookie', 'gafaelfawr=y'],
        ['Cookie', 'c=d'],
      ],
      [
        ['Cookie', 'a=b'],
        ['Cookie', 'c=d'],
      ],
    );
  });
});
