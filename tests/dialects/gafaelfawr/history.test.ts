import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../support/database.ts';
import type { Answer } from '../../support/server.ts';
import { json, keyOf, START, type Surface, startSurface, whole } from './support.ts';

const DECADE = { TESSERA_SESSION_LIFETIME: '3650d', TESSERA_PUBLIC_URL: 'https://tokens.example.com' };

describe.each(ENGINES)('history on %s', (engine) => {
  let at: Surface;
  let parent: string;
  let child: string;
  /** Keys of ten tokens of one user, two to a second, oldest first. */
  const keys: string[] = [];

  beforeAll(async () => {
    at = await startSurface(engine, DECADE);
    for (let n = 0; n < 10; n++) {
      at.now = START + 60_000 + Math.floor(n / 2) * 1000;
      keys.push(keyOf(await at.userToken('hanna', ['user:token'], { token_name: `h${n}` })));
    }
    at.now = START + 120_000;
    parent = await at.userToken('piet', ['user:token']);
    const passed = await at.call('GET', '/ingress/auth?notebook=true', {
      token: parent,
      headers: {
        'X-Original-URL': 'https://example.com/',
        'X-Original-Method': 'GET',
        'X-Forwarded-For': '192.0.2.77',
      },
    });
    child = passed.headers.get('x-auth-request-token') ?? '';
  });
  afterAll(() => at.close());

  const changes = (query: string) => at.api('GET', `/history/token-changes?${query}`, { token: at.admin });
  const shown = (answer: Answer): string[] => answer.json.map((entry: { token: string }) => entry.token);
  const links = (answer: Answer): Record<string, string> =>
    Object.fromEntries(
      [...(answer.headers.get('link') ?? '').matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, url, rel]) => [
        rel,
        url,
      ]),
    );
  const follow = (url: string | undefined) => {
    const { pathname, search } = new URL(url ?? 'missing:');
    return at.call('GET', pathname + search, { token: at.admin });
  };

  test('an entry says everything, and null where nothing is known', async () => {
    const answer = await changes(`key=${keyOf(child)}`);
    const seconds = START / 1000 + 120;
    expect(whole(answer)).toEqual(
      json(200, [
        {
          token: keyOf(child),
          username: 'piet',
          token_type: 'notebook',
          parent: keyOf(parent),
          scopes: ['user:token'],
          expires: seconds + 30 * 86_400,
          actor: 'piet',
          action: 'create',
          ip_address: '192.0.2.77',
          event_time: seconds,
        },
      ]),
    );
    const [made] = (await changes(`key=${keys[0]}`)).json;
    expect(made).toEqual({
      token: keys[0],
      username: 'hanna',
      token_type: 'user',
      token_name: 'h0',
      scopes: ['user:token'],
      expires: null,
      actor: '<bootstrap>',
      action: 'create',
      ip_address: '127.0.0.1',
      event_time: START / 1000 + 60,
    });
  });

  test('the newest comes first, and of one second the one written last', async () => {
    expect(shown(await changes('username=hanna'))).toEqual([...keys].reverse());
    const own = await at.api('GET', '/users/hanna/token-change-history', { token: at.admin });
    expect(shown(own)).toEqual([...keys].reverse());
  });

  test('without a limit there are no paging headers, also when a cursor came', async () => {
    const [first] =
      (await changes('username=hanna&limit=4')).headers.get('link')?.match(/cursor=[\d_]+/) ?? [];
    const answer = await changes(`username=hanna&${first}`);
    expect(shown(answer)).toEqual([...keys].reverse().slice(4));
    expect(whole(answer).headers).toEqual(json(200, null).headers);
  });

  test('pages lead forwards and back, each to the same neighbours', async () => {
    const all = [...keys].reverse();
    const base = 'https://tokens.example.com/auth/api/v1/history/token-changes';
    const first = await changes('username=hanna&since=0&limit=4');
    expect(first.headers.get('x-total-count')).toBe('10');
    expect(shown(first)).toEqual(all.slice(0, 4));
    expect(Object.keys(links(first))).toEqual(['first', 'next']);
    expect(links(first).first).toBe(`${base}?username=hanna&since=0&limit=4`);

    const second = await follow(links(first).next);
    expect(shown(second)).toEqual(all.slice(4, 8));
    expect(second.headers.get('x-total-count')).toBe('10');
    expect(Object.keys(links(second))).toEqual(['first', 'next', 'prev']);
    expect(links(second).first).toBe(links(first).first);
    const cursor = new URL(links(first).next ?? '').searchParams.get('cursor');
    expect(new URL(links(second).prev ?? '').searchParams.get('cursor')).toBe(`p${cursor}`);

    const last = await follow(links(second).next);
    expect(shown(last)).toEqual(all.slice(8));
    expect(Object.keys(links(last))).toEqual(['first', 'prev']);

    const back = await follow(links(last).prev);
    expect(shown(back)).toEqual(all.slice(4, 8));
    expect(links(back).next).toBe(links(second).next);
    const start = await follow(links(back).prev);
    expect(shown(start)).toEqual(all.slice(0, 4));
    expect(Object.keys(links(start))).toEqual(['first', 'next']);
    expect(links(start).next).toBe(links(first).next);
  });

  test('going back shows the nearest entries, though not a whole page of them is left', async () => {
    const all = [...keys].reverse();
    const first = await changes('username=hanna&limit=3');
    const cursor = new URL(links(first).next ?? '').searchParams.get('cursor');
    expect(shown(await changes(`username=hanna&limit=2&cursor=p${cursor}`))).toEqual(all.slice(1, 3));
    expect(shown(await changes(`username=hanna&limit=50&cursor=p${cursor}`))).toEqual(all.slice(0, 3));
  });

  test('a page that is full to the last entry has no next one', async () => {
    const answer = await changes('username=hanna&limit=10');
    expect(Object.keys(links(answer))).toEqual(['first']);
  });

  test.each<[string, () => number]>([
    ['username=hanna', () => 10],
    ['username=nobody-here', () => 0],
    ['actor=%3Cbootstrap%3E', () => 11],
    ['actor=piet', () => 1],
    ['token_type=notebook', () => 1],
    ['token_type=oidc', () => 0],
    [`since=${START / 1000 + 61}&until=${START / 1000 + 62}`, () => 4],
    ['since=2026-08-21T12:01:04Z&username=hanna', () => 2],
    ['until=2026-08-21T12:01:00.9Z&username=hanna', () => 2],
    ['ip_address=192.0.2.77', () => 1],
    ['ip_address=192.0.2.0/24', () => 1],
    ['ip_address=192.0.2.77/32', () => 0],
    ['ip_address=2001:db8::/32', () => 0],
    ['ip_address=127.0.0.0/8&username=hanna', () => 10],
  ])('%s selects what it says', async (query, count) => {
    const answer = await changes(query);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toHaveLength(count());
    const counted = await changes(`${query}&limit=1`);
    expect(counted.headers.get('x-total-count')).toBe(String(count()));
    expect(counted.json).toEqual(answer.json.slice(0, 1));
  });

  test('a key selects the token and its direct children; pages by address page too', async () => {
    expect(shown(await changes(`key=${keyOf(parent)}`))).toEqual([keyOf(child), keyOf(parent)]);
    const first = await changes('ip_address=127.0.0.1&username=hanna&limit=6');
    expect(shown(first)).toEqual([...keys].reverse().slice(0, 6));
    const next = await follow(links(first).next);
    expect(shown(next)).toEqual([...keys].reverse().slice(6));
    expect(shown(await follow(links(next).prev))).toEqual(shown(first));
  });

  test('one’s own history is filtered and paged in the same way', async () => {
    const answer = await at.api('GET', '/users/piet/token-change-history?limit=1&username=hanna', {
      token: parent,
    });
    expect(shown(answer)).toEqual([keyOf(child)]);
    expect(answer.headers.get('x-total-count')).toBe('2');
    expect(links(answer).first).toBe(
      'https://tokens.example.com/auth/api/v1/users/piet/token-change-history?limit=1&username=hanna',
    );
  });
});
