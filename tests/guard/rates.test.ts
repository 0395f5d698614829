import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/database.ts';
import {
  ask,
  bearer,
  GUARDED,
  type Guarded,
  headerOf,
  passed,
  refused,
  START,
  seen,
  startGuarded,
} from './support.ts';

/** End of the minute in which the tests begin. */
const RESET = Math.ceil(START / 60_000) * 60;
const rate = (limit: number, used: number, service: string, reset = RESET): [string, string][] => [
  ['X-RateLimit-Limit', String(limit)],
  ['X-RateLimit-Remaining', String(limit - used)],
  ['X-RateLimit-Used', String(used)],
  ['X-RateLimit-Reset', String(reset)],
  ['X-RateLimit-Resource', service],
];

describe('rate limits', () => {
  let at: Guarded;
  beforeAll(async () => {
    at = await startGuarded();
    const put = await at.call('PUT', '/auth/api/v1/quota-overrides', {
      token: at.admin,
      body: {
        default: { api: { cutouts: 2, closed: 0 } },
        groups: { science: { api: { cutouts: 1, closed: 1 } } },
        bypass: ['operators'],
      },
    });
    expect(put.status).toBe(200);
  });
  afterAll(() => at.close());

  test('are told with every answer, and refuse once they are used up, until the minute is over', async () => {
    const token = await at.userToken('alice', ['read:tap']);
    const who: [string, string] = ['X-Auth-Request-User', 'alice'];
    const call = () => at.guard('service=cutouts', [bearer(token)]);
    expect(seen(await call())).toEqual(passed(who, ...rate(2, 1, 'cutouts')));
    expect(seen(await call())).toEqual(passed(who, ...rate(2, 2, 'cutouts')));
    for (let n = 0; n < 2; n++) {
      const over = await call();
      expect(seen(over)).toEqual(
        refused(over, {
          status: 403,
          carried: 429,
          type: 'rate_limited',
          more: [['Retry-After', new Date(RESET * 1000).toUTCString()], ...rate(2, 2, 'cutouts')],
        }),
      );
    }
    // A refusal for another reason is not use, and comes first.
    expect((await at.guard('service=cutouts&scope=exec:portal', [bearer(token)])).json.detail[0].type).toBe(
      'insufficient_scope',
    );
    at.now += 60_000;
    expect(seen(await call())).toEqual(passed(who, ...rate(2, 1, 'cutouts', RESET + 60)));
    at.now = START;
  });

  test('count for each user and service apart, over all of a user’s tokens', async () => {
    const [first, second] = [await at.userToken('bea', []), await at.userToken('bea', [])];
    const used = async (token: string) =>
      headerOf(await at.guard('service=cutouts', [bearer(token)]), 'X-RateLimit-Used');
    expect([await used(first), await used(second)]).toEqual(['1', '2']);
    expect(await used(await at.userToken('cid', []))).toBe('1');
  });

  test('grow with the groups of the user, and do not bind the members of a bypass group', async () => {
    const scientist = await at.userToken('dan', [], { groups: [{ name: 'science', id: 1 }] });
    expect(headerOf(await at.guard('service=cutouts', [bearer(scientist)]), 'X-RateLimit-Limit')).toBe('3');
    const operator = await at.userToken('eve', [], { groups: [{ name: 'operators', id: 2 }] });
    for (let n = 0; n < 4; n++) {
      expect(seen(await at.guard('service=cutouts', [bearer(operator)]))).toEqual(
        passed(['X-Auth-Request-User', 'eve']),
      );
    }
  });

  test('bind nothing where the service is not named or has none', async () => {
    const token = await at.userToken('fay', []);
    for (const query of ['', 'service=other']) {
      expect(seen(await at.guard(query, [bearer(token)]))).toEqual(passed(['X-Auth-Request-User', 'fay']));
    }
  });

  test('of nought are an administrator’s block', async () => {
    const token = await at.userToken('gil', []);
    const blocked = await at.guard('service=closed', [bearer(token)]);
    expect(seen(blocked)).toEqual(
      refused(blocked, {
        status: 403,
        type: 'insufficient_scope',
        challenge: 'Bearer realm="example.com", error="insufficient_scope", error_description="TEXT"',
      }),
    );
    const scientist = await at.userToken('hal', [], { groups: [{ name: 'science', id: 1 }] });
    expect((await at.guard('service=closed', [bearer(scientist)])).status).toBe(200);
  });

  test('are over before a delegated token is made', async () => {
    const token = await at.userToken('ida', []);
    for (let n = 0; n < 3; n++) await at.guard('service=cutouts', [bearer(token)]);
    expect((await at.guard('service=cutouts&delegate_to=cutouts', [bearer(token)])).status).toBe(403);
    const { json } = await at.call('GET', '/auth/api/v1/users/ida/tokens', { token: at.admin });
    expect(json).toHaveLength(1);
  });

  test('are a real 429 for a proxy that passes it on', async () => {
    const token = await at.userToken('jan', []);
    const forwarded = [
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Uri', '/'],
    ] as const;
    const call = () => ask(`${at.url}/ingress/auth?service=cutouts`, [...forwarded, bearer(token)]);
    expect([(await call()).status, (await call()).status, (await call()).status]).toEqual([200, 200, 429]);
  });
});

describe.each(ENGINES)('rate limits on %s', (engine) => {
  test('are shared between processes', async () => {
    const at = await startGuarded(engine);
    const other = await at.replica();
    try {
      await at.call('PUT', '/auth/api/v1/quota-overrides', {
        token: at.admin,
        body: { default: { api: { cutouts: 1000 } } },
      });
      const token = await at.userToken('alice', []);
      const used = async (where: { url: string }) => {
        const reply = await ask(`${where.url}/ingress/auth?service=cutouts`, [...GUARDED, bearer(token)]);
        expect(reply.status).toBe(200);
        return Number(headerOf(reply, 'X-RateLimit-Used') ?? '0');
      };
      for (let n = 1; n <= 50; n++) expect(await used(at)).toBe(n);
      // The other process counts from one until it hears of these fifty; each look is a call of its own.
      let looks = 0;
      const heard = async () => {
        const told = await used(other);
        // Nought is said where the quota is not known yet, and nothing was counted.
        return told === 0 ? 0 : told - ++looks;
      };
      await expect.poll(heard, { interval: 50, timeout: 10_000 }).toBe(50);
    } finally {
      await other.close();
      await at.close();
    }
  });
});
