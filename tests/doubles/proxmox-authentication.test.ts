import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import { oneTimeCode } from '../../src/doubles/proxmox/identity/second-factor.ts';
import { type Seen, visit } from './client.ts';
import { asToken, asUser, login, startQuick } from './proxmox-support.ts';

const START = Date.UTC(2026, 0, 15);
let time = START;
let double: ProxmoxDouble;
let older: ProxmoxDouble;
let seven: ProxmoxDouble;

beforeAll(async () => {
  const clock = (): number => time;
  [double, older, seven] = await Promise.all([
    startQuick({ clock, http: true }),
    startQuick({ clock, http: true, release: '8.2' }),
    startQuick({ clock, http: true, release: '7' }),
  ]);
});

afterAll(() => Promise.all([double, older, seven].map((one) => one.close())));

const version = (to: ProxmoxDouble, headers: Record<string, string>): Promise<Seen> =>
  visit(to, '/api2/json/version', { headers });

/** A 401 of the authentication step: its reason, and nothing else. */
function expectBare(seen: Seen, reason: string): void {
  expect([seen.status, seen.reason, seen.text]).toEqual([401, reason, '']);
  expect(seen.headers['content-type']).toBeUndefined();
  expect(seen.headers.connection).toBe('close');
}

describe('without a usable credential', () => {
  test.each([
    ['nothing', undefined],
    ['Bearer', 'Bearer abc'],
    ['Basic', 'Basic cm9vdEBwYW06cHc='],
    ['a scheme in lower case', 'pveapitoken=root@pam!x=y'],
    ['an empty token', 'PVEAPIToken='],
  ])('%s answers 401 No ticket without body or type', async (_name, authorization) => {
    const headers: Record<string, string> =
      authorization === undefined ? {} : { Authorization: authorization };
    expectBare(await version(double, headers), 'No ticket');
  });

  test('the realms are listed for everybody, the version is not', async () => {
    const domains = await visit(double, '/api2/json/access/domains');
    expect(domains.body.data.map((row: { realm: string }) => row.realm)).toEqual(['pam', 'pve']);
    expect((await version(double, {})).status).toBe(401);
  });

  test('an unknown path is 401 too: authentication comes first', async () => {
    expectBare(await visit(double, '/api2/json/nothing'), 'No ticket');
  });
});

describe('a token', () => {
  const header = (value: string): Record<string, string> => ({ Authorization: value });

  test('is accepted with a space for the first equals sign, percent-encoded, or with a tail', async () => {
    const { full } = double.credentials.flowToken;
    for (const value of [
      `PVEAPIToken=${full}`,
      `PVEAPIToken ${full}`,
      `PVEAPIToken=${encodeURIComponent(full)}`,
      `PVEAPIToken=${full};anything`,
    ])
      expect((await version(double, header(value))).status).toBe(200);
  });

  test('needs no CSRF token for writing', async () => {
    const seen = await asToken(double, double.credentials.adminToken)('/pools', { form: { poolid: 'made' } });
    expect(seen.status).toBe(200);
  });

  test('is refused with one text for all causes on releases that hide them', async () => {
    const { credentials } = double;
    for (const full of [
      `${credentials.flowToken.tokenid}=00000000-0000-4000-8000-000000000000`,
      'maker@pve!nothing=x',
      'nobody@pve!flow=x',
      credentials.disabledOwnerToken.full,
      credentials.expiredOwnerToken.full,
      credentials.expiredToken.full,
      'no-equals-sign',
      'nonsense=x',
    ])
      expectBare(await version(double, header(`PVEAPIToken=${full}`)), 'Authentication failed!');
  });

  test('is refused with the cause on older releases', async () => {
    const { credentials } = older;
    const causes: [string, string][] = [
      [`${credentials.flowToken.tokenid}=wrong`, 'invalid token value!'],
      ['maker@pve!nothing=x', "no such token 'nothing' for user 'maker@pve'"],
      ['nobody@pve!flow=x', "no such user ('nobody@pve')"],
      [credentials.disabledOwnerToken.full, "user 'gone@pve' is disabled"],
      [credentials.expiredOwnerToken.full, "user 'left@pve' access expired"],
      [credentials.expiredToken.full, "token 'old' access expired"],
      ['no-equals-sign', 'no tokenid specified'],
      ['nonsense=x', "'nonsense' is not a valid token ID - not able to split into user and token parts"],
    ];
    for (const [full, cause] of causes)
      expectBare(await version(older, header(`PVEAPIToken=${full}`)), cause);
  });

  test('is not looked at when a cookie stands beside it, not even a stale one', async () => {
    const seen = await version(double, {
      ...header(`PVEAPIToken=${double.credentials.flowToken.full}`),
      Cookie: 'PVEAuthCookie=PVE:maker@pve:00000000::stale',
    });
    expectBare(seen, 'Authentication failed!');
  });

  test('cannot ask for a ticket, neither by header nor as name or password', async () => {
    const { flowToken, maker } = double.credentials;
    const byHeader = await asToken(double, flowToken)('/access/ticket', {
      form: { username: maker.user, password: maker.password },
    });
    expect(byHeader.status).toBe(403);
    expect(byHeader.reason).toBe(
      "Permission check failed (URI '/access/ticket' not available with API token, need proper ticket.",
    );
    expect((await login(double, { user: flowToken.tokenid, password: flowToken.secret })).status).toBe(401);
    expect((await login(double, { user: maker.user, password: flowToken.secret })).status).toBe(401);
  });
});

describe('a ticket', () => {
  test('comes with name, CSRF token and a summary of rights, the cluster name only for auditors', async () => {
    const { data } = (await login(double, double.credentials.maker)).body;
    expect(data.ticket).toMatch(/^PVE:maker@pve:[0-9A-F]{8}::.+$/);
    expect(data.CSRFPreventionToken).toMatch(/^[0-9A-F]{8}:.+$/);
    expect(data.cap.vms['VM.Clone']).toBe(1);
    expect(data.clustername).toBeUndefined();
    expect((await login(double, double.credentials.auditor)).body.data.clustername).toBe('lab');
  });

  test.each([
    ['a wrong password', 'maker@pve', 'wrong'],
    ['an unknown user', 'nobody@pve', 'wrong'],
    ['a name without realm', 'root', 'wrong'],
  ])('is refused for %s with a JSON body and one text', async (_name, user, password) => {
    const seen = await login(double, { user, password });
    expect([seen.status, seen.reason]).toEqual([401, 'authentication failure']);
    expect(seen.body).toEqual({ data: null, message: 'authentication failure\n' });
  });

  test('is refused to a disabled user with the same text', async () => {
    expect((await login(double, double.credentials.disabled)).reason).toBe('authentication failure');
  });

  test('counts in the cookie, raw or encoded, and in Authorization', async () => {
    const { ticket } = (await login(double, double.credentials.maker)).body.data;
    const ways: Record<string, string>[] = [
      { Cookie: `PVEAuthCookie=${ticket}` },
      { Cookie: `other=1; PVEAuthCookie=${encodeURIComponent(ticket)}` },
      { Authorization: `PVEAuthCookie=${ticket}` },
    ];
    for (const headers of ways) expect((await version(double, headers)).status).toBe(200);
  });

  test('ends after two hours, and is renewed by being sent as the password before', async () => {
    const { maker } = double.credentials;
    const { ticket } = (await login(double, maker)).body.data;
    time += 7000_000;
    const renewed = await login(double, { user: maker.user, password: ticket });
    time += 300_000;
    expectBare(await version(double, { Cookie: `PVEAuthCookie=${ticket}` }), 'Authentication failed!');
    const headers = { Cookie: `PVEAuthCookie=${renewed.body.data.ticket}` };
    expect((await version(double, headers)).status).toBe(200);
    expect((await login(double, { user: maker.user, password: ticket })).status).toBe(401);
  });

  test('of root opens any other account, of another user it does not', async () => {
    const { root, maker, auditor } = double.credentials;
    const { ticket } = (await login(double, root)).body.data;
    expect((await login(double, { user: auditor.user, password: ticket })).body.data.username).toBe(
      auditor.user,
    );
    const own = (await login(double, maker)).body.data.ticket;
    expect((await login(double, { user: auditor.user, password: own })).status).toBe(401);
  });

  test('needs a CSRF token of the same user for writing, before rights are looked at', async () => {
    const { root, maker } = double.credentials;
    const { ticket, CSRFPreventionToken } = (await login(double, root)).body.data;
    const foreign = (await login(double, maker)).body.data.CSRFPreventionToken;
    const write = (headers: Record<string, string>): Promise<Seen> =>
      visit(double, '/api2/json/pools', {
        form: { poolid: 'csrf' },
        headers: { Cookie: `PVEAuthCookie=${ticket}`, ...headers },
      });
    expectBare(await write({}), 'Permission denied - invalid csrf token');
    expectBare(await write({ CSRFPreventionToken: foreign }), 'Permission denied - invalid csrf token');
    expect((await write({ CSRFPreventionToken })).status).toBe(200);
  });
});

describe('a second factor', () => {
  const challenge = async (to = double, more: Record<string, string> = {}): Promise<Seen> => {
    const { user, password } = to.credentials.secondFactor;
    return visit(to, '/api2/json/access/ticket', { form: { username: user, password, ...more } });
  };
  const answer = (half: string, password: string): Promise<Seen> =>
    visit(double, '/api2/json/access/ticket', {
      form: { username: double.credentials.secondFactor.user, password, 'tfa-challenge': half },
    });
  const code = (): string => oneTimeCode(double.credentials.secondFactor.totpSecret, Math.floor(time / 1000));

  test('turns a right password into half a ticket without rights', async () => {
    const { data } = (await challenge()).body;
    expect(data.NeedTFA).toBe(1);
    expect(data.ticket).toMatch(/^PVE:!tfa!/);
    expect(data.cap).toBeUndefined();
    expect((await version(double, { Cookie: `PVEAuthCookie=${data.ticket}` })).status).toBe(401);
  });

  test('is answered by a code in place of the password and the half ticket', async () => {
    const { ticket } = (await challenge()).body.data;
    expect((await answer(ticket, 'totp:000000x')).status).toBe(401);
    const full = await answer(ticket, `totp:${code()}`);
    expect((await version(double, { Cookie: `PVEAuthCookie=${full.body.data.ticket}` })).status).toBe(200);
  });

  test('is answered once by each recovery code', async () => {
    const { ticket } = (await challenge()).body.data;
    const [recovery] = double.credentials.secondFactor.recoveryCodes;
    expect((await answer(ticket, `recovery:${recovery}`)).status).toBe(200);
    expect((await answer(ticket, `recovery:${recovery}`)).status).toBe(401);
  });

  test('sent along with the password is checked, and half a ticket comes all the same', async () => {
    expect((await challenge(double, { otp: code() })).body.data.NeedTFA).toBe(1);
    expect((await challenge(double, { otp: 'wrong' })).status).toBe(401);
  });

  test('in release 7 is described by the challenge only when asked for', async () => {
    const described = (seen: Seen): boolean =>
      decodeURIComponent(seen.body.data.ticket).includes('"totp":true');
    expect(described(await challenge(seven))).toBe(false);
    expect(described(await challenge(seven, { 'new-format': '1' }))).toBe(true);
  });
});

describe('passwords', () => {
  test('are changed by ticket only, with the old one from release 8.2 on', async () => {
    const { maker, adminToken } = double.credentials;
    const change = { userid: maker.user, password: 'a-new-password' };
    const byToken = await asToken(double, adminToken)('/access/password', { method: 'PUT', form: change });
    expect(byToken.status).toBe(403);
    const session = await asUser(double, maker);
    expect((await session('/access/password', { method: 'PUT', form: change })).status).toBe(400);
    const confirmed = { ...change, 'confirmation-password': maker.password };
    expect((await session('/access/password', { method: 'PUT', form: confirmed })).status).toBe(200);
    expect((await login(double, { user: maker.user, password: 'a-new-password' })).status).toBe(200);
  });
});

test('a refusal waits while other calls are answered', async () => {
  const slow = await startQuick({ http: true, delayScale: 0.1 });
  const order: string[] = [];
  const refused = version(slow, {}).then(() => order.push('refused'));
  const served = asToken(slow, slow.credentials.flowToken)('/version').then(() => order.push('served'));
  await Promise.all([refused, served]);
  expect(order).toEqual(['served', 'refused']);
  await slow.close();
});
