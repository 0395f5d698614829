import { DAY, seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { redactor } from '../../outbound/redact.ts';
import { readOpaqueToken } from '../bearer.ts';
import { type Finding, isBlocking } from '../finding.ts';
import { asList, asRecord, asText, type Json, parseJson } from '../json.ts';
import type { CredentialWish, Kind, MadeCredential, Report, Rotated, Subject, TestSubject } from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { probeReach } from '../reach/probe.ts';
import { makeReport } from '../report.ts';
import { find, PRODUCT } from './find.ts';
import { explainOsmo, osmoCarrier } from './session.ts';

const TOKEN_NAME = /^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$/;

async function call(
  subject: Subject,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
): Promise<Result<Json, Finding>> {
  const injection = await osmoCarrier(subject).inject(method);
  if (!injection.ok) return injection;
  const answer = await subject.client.request({
    method,
    path,
    headers: { Accept: 'application/json', ...injection.value.set },
  });
  if (!answer.ok) return err(failedCall(answer.error, subject.client.origin, PRODUCT, 'P7'));
  const json = parseJson(answer.value.body);
  if (answer.value.status === 200 && json !== undefined) return ok(json);
  const clean = redactor([subject.credential.secret, ...Object.values(injection.value.set)]);
  return err(clean(explainOsmo(`${method} ${path.replace(/\?.*$/, '')}`, answer.value.status, json)));
}

export interface OsmoFacts {
  readonly tokenName?: string;
  readonly roles?: readonly string[];
  readonly pools?: readonly string[];
}

/** Network and trust, the exchange, then the profile of the token in use. `expect.privileges` are roles. */
async function testOsmo(subject: TestSubject): Promise<Report<OsmoFacts>> {
  const { client, clock, surroundings = {} } = subject;
  const findings: Finding[] = [...(subject.known ?? [])];
  if (findings.some(isBlocking)) return makeReport(findings, {});
  const reached = await probeReach({
    client,
    clock,
    product: { ...PRODUCT, defaultPort: client.origin.port },
    face: { path: '/api/version', recognise: () => false },
    expectsTls13: false,
    surroundings,
    step: (layer) => subject.step?.(layer, findings),
  });
  findings.push(...reached.findings);
  const seen = reached.fingerprint === undefined ? {} : { fingerprint: reached.fingerprint };
  if (findings.some(isBlocking)) return makeReport(findings, {}, seen);
  subject.step?.('authentication', findings);
  const settings = await call(subject, 'GET', '/api/profile/settings');
  if (!settings.ok) return makeReport([...findings, settings.error], {}, seen);
  const { profile, roles, pools, token } = asRecord(settings.value);
  if (asText(asRecord(profile).username) === '') {
    const evidence = 'GET /api/profile/settings: 200 without username';
    return makeReport([...findings, find('OSMO_NOT_OSMO', 'P5', evidence, { status: 200 })], {}, seen);
  }
  const held = rolesOf(roles);
  const tokenName = asText(asRecord(token).name);
  const missing = (subject.expect?.privileges ?? []).filter((role) => !held.includes(role));
  const evidence = `roles ${held.join(' ') || 'none'}`;
  if (missing.length > 0) findings.push(find('OSMO_ROLES', 'P8', evidence, { missing, held }));
  else if (held.length === 0) findings.push(find('OSMO_NO_ROLES', 'P8', evidence, { token: tokenName }));
  const ends = Date.parse(`${asText(asRecord(token).expires_at).slice(0, 10)}T00:00:00Z`);
  return makeReport(
    findings,
    { tokenName, roles: held, pools: asList(pools).map(asText) },
    {
      ...seen,
      identity: asText(asRecord(profile).username),
      ...(Number.isNaN(ends) ? {} : { expiresAt: Math.floor(ends / 1000) }),
    },
  );
}

/** Roles that somebody gave; the one that every login has besides can be neither lost nor asked for. */
const rolesOf = (roles: Json | undefined): string[] =>
  asList(roles)
    .map(asText)
    .filter((role) => role !== 'osmo-default');

const tokenPath = (name: string): string => `/api/auth/access_token/${encodeURIComponent(name)}`;

/** A token of the caller's own. The end is a day in UTC, the first on which the token is dead. */
async function create(subject: Subject, wish: CredentialWish): Promise<Result<MadeCredential, Finding>> {
  if (!TOKEN_NAME.test(wish.name)) return err(find('OSMO_TOKEN_NAME', 'P0', wish.name, { name: wish.name }));
  const { expiresAt } = wish;
  const day = new Date((expiresAt ?? 0) * 1000).toISOString().slice(0, 10);
  const today = new Date(seconds(subject.clock) * 1000).toISOString().slice(0, 10);
  if (expiresAt === undefined || day <= today) return err(find('OSMO_EXPIRY', 'P0', day, {}));
  const query = new URLSearchParams({ expires_at: day, description: wish.description ?? '' });
  for (const role of wish.scopes ?? []) query.append('roles', role);
  const made = await call(subject, 'POST', `${tokenPath(wish.name)}?${query}`);
  if (!made.ok) return made;
  const credential = {
    method: 'token' as const,
    identity: subject.credential.identity,
    secret: new Secret(asText(made.value)),
    upstreamId: wish.name,
  };
  return ok({
    credential,
    expiresAt: Date.parse(`${day}T00:00:00Z`) / 1000,
    done: [`token ${wish.name} until ${day}`],
    undo: () => revoke({ ...subject, credential }, subject),
  });
}

/** The name under which the owner keeps this token: known from making it, else the profile says it. */
async function nameOf(subject: Subject): Promise<Result<string, Finding>> {
  if (subject.credential.upstreamId !== undefined) return ok(subject.credential.upstreamId);
  const settings = await call(subject, 'GET', '/api/profile/settings');
  return settings.ok ? ok(asText(asRecord(asRecord(settings.value).token).name)) : settings;
}

async function revoke(subject: Subject, owner: Subject = subject): Promise<Result<true, Finding>> {
  const name = await nameOf(subject);
  if (!name.ok) return name;
  const gone = await call(owner, 'DELETE', tokenPath(name.value));
  return gone.ok ? ok(true) : gone;
}

/** A new token with the roles and the remaining life of the old one, which goes when `finish` is called. */
async function rotate(subject: Subject): Promise<Result<Rotated, Finding>> {
  const settings = await call(subject, 'GET', '/api/profile/settings');
  if (!settings.ok) return settings;
  const { roles, token } = asRecord(settings.value);
  const old = asText(asRecord(token).name);
  const ends = Date.parse(`${asText(asRecord(token).expires_at).slice(0, 10)}T00:00:00Z`) / 1000;
  const now = seconds(subject.clock);
  const name = `${old.replace(/-r\d+$/, '')}-r${now}`;
  const made = await create(subject, {
    name,
    expiresAt: Math.max(ends || 0, now + 2 * DAY),
    scopes: rolesOf(roles),
    description: 'rotated by Tessera',
  });
  if (!made.ok) return made;
  const { credential } = made.value;
  const before = { ...subject, credential: { ...subject.credential, upstreamId: old } };
  return ok({ credential, overlap: true, finish: () => revoke(before, { ...subject, credential }) });
}

/** NVIDIA OSMO. */
export const osmo: Kind = {
  name: 'osmo',
  defaultPort: 443,
  methods: ['token'],
  tasks: {},
  readCredential: (input) => readOpaqueToken(input, 'token'),
  carrier: osmoCarrier,
  test: testOsmo,
  create,
  rotate,
  revoke,
};
