import { describe, expect, test } from 'vitest';
import { foremanInjection, readForemanCredential } from './credential.ts';
import { readForemanTime, writeForemanTime } from './time.ts';

const PAT = 'hwGtI4jE5oYBPuM5L9qS7Q';

function read(input: Parameters<typeof readForemanCredential>[0]) {
  const result = readForemanCredential(input);
  if (!result.ok) return { fault: result.error.fields?.[0]?.field };
  const { credential, findings } = result.value;
  return {
    login: credential.identity,
    secret: credential.secret.reveal(),
    codes: findings.map((each) => each.code),
  };
}

describe('a login and its token', () => {
  test.each([
    [{ secret: `danielt:${PAT}` }, []],
    [{ user: 'danielt', secret: PAT }, []],
    [{ user: ' danielt ', secret: ` ${PAT}\n` }, []],
    [{ user: 'danielt', secret: `danielt:${PAT}` }, ['FOREMAN_LOGIN_TWICE']],
    [{ user: 'danielt', secret: `DanielT:${PAT}` }, ['FOREMAN_LOGIN_TWICE']],
  ])('are read together or apart: %j', (input, codes) => {
    expect(read(input)).toEqual({ login: 'danielt', secret: PAT, codes });
  });

  test('split at the first colon, and a token may begin with a hyphen', () => {
    expect(read({ secret: `LAB\\user:-wGtI4jE5oYBPuM5L9qS7Q` })).toEqual({
      login: 'LAB\\user',
      secret: '-wGtI4jE5oYBPuM5L9qS7Q',
      codes: [],
    });
    expect(read({ method: 'password', user: 'admin', secret: 'a:b:c' })).toMatchObject({ secret: 'a:b:c' });
  });

  test('that is no token is taken as a password, with a remark', () => {
    expect(read({ user: 'admin', secret: 'changeme' })).toEqual({
      login: 'admin',
      secret: 'changeme',
      codes: ['FOREMAN_SECRET_SHAPE'],
    });
  });

  test.each([
    [{ secret: PAT }, 'username'],
    [{ secret: `:${PAT}` }, 'username'],
    [{ user: 'other', secret: `danielt:${PAT}` }, 'token'],
    [{ user: 'danielt', secret: '' }, 'token'],
    [{ secret: 'danielt:' }, 'token'],
    [{ user: 'danielt', secret: 'a\r\nb' }, 'token'],
    [{ user: 'da niel', secret: PAT }, 'username'],
    [{ method: 'bearer' as const, user: 'danielt', secret: PAT }, 'method'],
  ])('are refused with the field that is wrong: %j', (input, field) => {
    expect(read(input)).toEqual({ fault: field });
  });

  test('ride as Basic, and no cookie or delegation header of a caller rides along', () => {
    const result = readForemanCredential({ secret: `danielt:${PAT}` });
    if (!result.ok) throw new Error('refused');
    const { set, strip } = foremanInjection(result.value.credential);
    expect(set.Authorization?.reveal()).toBe(`Basic ${Buffer.from(`danielt:${PAT}`).toString('base64')}`);
    for (const name of ['authorization', 'cookie', 'x-csrf-token', 'x-forwarded-for', 'remote-user'])
      expect(strip).toContain(name);
  });
});

describe('a time of Foreman', () => {
  test.each([
    ['2030-01-01 00:00:00 UTC', 1893456000],
    ['2030-01-01 02:00:00 +0200', 1893456000],
    ['2030-01-01T00:00:00.000Z', 1893456000],
    ['2030-01-01T00:00:00Z', 1893456000],
  ])('is read in every spelling: %s', (text, at) => {
    expect(readForemanTime(text)).toBe(at);
  });
  test('that is missing means never, and text that is none is neither', () => {
    expect(readForemanTime(null)).toBeNull();
    expect(readForemanTime('soon')).toBeUndefined();
    expect(writeForemanTime(1893456000)).toBe('2030-01-01T00:00:00Z');
  });
});
