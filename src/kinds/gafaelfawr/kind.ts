import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { OutboundResponse } from '../../outbound/message.ts';
import { redactor } from '../../outbound/redact.ts';
import { bearerInjection, readOpaqueToken } from '../bearer.ts';
import { constantCarrier } from '../constant.ts';
import { type Finding, findingsFrom, isBlocking, row } from '../finding.ts';
import { asList, asNumber, asRecord, asText, type Json, type JsonRecord, parseJson } from '../json.ts';
import type { CredentialWish, Kind, MadeCredential, Report, Subject, TestSubject } from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { plainProduct } from '../reach/plain.ts';
import { probeReach } from '../reach/probe.ts';
import { makeReport } from '../report.ts';

const PRODUCT = plainProduct('Gafaelfawr', 443);
const BASE = '/auth/api/v1';
/** `gt-` with key and secret of 22 characters each. */
const TOKEN = /^gt-[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22,}$/;

const find = findingsFrom({
  GAFAELFAWR_TOKEN_SHAPE: row('format', 'warning', (a: { length: number }) => [
    `The token (${a.length} characters) is not of the form gt-KEY.SECRET.`,
    'Copy the token whole, from gt- on.',
  ]),
  GAFAELFAWR_NOT_FOUND: row('product', 'blocking', (a: { status: number }) => [
    `What answers is not the token service (status ${a.status}).`,
    'Register the base URL of the whole site; /auth/api/v1 belongs below it.',
  ]),
  GAFAELFAWR_REFUSED: row('authentication', 'blocking', (a: { said: string }) => [
    `The token is refused${a.said === '' ? '' : `: ${a.said}`}.`,
    'Make a new token on the token page of the site, or through an administrator.',
  ]),
  GAFAELFAWR_SCOPES: row(
    'rights',
    'blocking',
    (a: { missing: readonly string[]; held: readonly string[] }) => [
      `The token lacks ${a.missing.join(', ')}; it has ${a.held.join(', ') || 'no scope'}.`,
      'Make a new token with these scopes: a token never gains any.',
    ],
  ),
  GAFAELFAWR_FORBIDDEN: row('rights', 'blocking', (a: { said: string }) => [
    `The token may not do this${a.said === '' ? '' : `: ${a.said}`}.`,
    'Use a token with user:token for your own tokens, admin:token for those of others.',
  ]),
  GAFAELFAWR_ODD: row('product', 'blocking', (a: { status: number; said: string }) => [
    `The token service answered with status ${a.status}${a.said === '' ? '' : `: ${a.said}`}.`,
    'Look at the service and at whatever stands in front of it.',
  ]),
});

interface Refused {
  readonly status: number;
  readonly finding: Finding;
}

async function call(
  subject: Subject,
  method: 'GET' | 'POST' | 'DELETE',
  below: string,
  body?: Json,
): Promise<Result<JsonRecord, Refused>> {
  const { client, credential } = subject;
  const answer = await client.request({
    method,
    path: `${BASE}${below}`,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...bearerInjection(credential.secret).set,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const clean = redactor([credential.secret]);
  if (!answer.ok)
    return err({ status: 0, finding: clean(failedCall(answer.error, client.origin, PRODUCT, 'P7')) });
  const { status } = answer.value;
  const json = parseJson(answer.value.body);
  if (status === 204) return ok({});
  if (status >= 200 && status < 300 && json !== undefined) return ok(asRecord(json));
  return err({ status, finding: clean(explain(`${method} ${BASE}${below}`, answer.value, json)) });
}

function explain(name: string, answer: OutboundResponse, json: Json | undefined): Finding {
  const { status, headers } = answer;
  const { detail } = asRecord(json);
  const first = Array.isArray(detail) ? detail[0] : detail;
  const said = (asText(asRecord(first).msg) || asText(first)).replace(/\.$/, '');
  const evidence = `${name}: ${status} ${asText(asRecord(first).type)} ${said}`;
  if (status === 401) return find('GAFAELFAWR_REFUSED', 'P7', evidence, { said });
  if (status === 403) return find('GAFAELFAWR_FORBIDDEN', 'P8', evidence, { said });
  if (json === undefined || status === 404 || headers.location !== undefined)
    return find('GAFAELFAWR_NOT_FOUND', 'P5', evidence, { status });
  return find('GAFAELFAWR_ODD', 'P7', evidence, { status, said });
}

export interface GafaelfawrFacts {
  readonly tokenType?: string;
  readonly tokenName?: string;
  readonly scopes?: readonly string[];
  readonly email?: string;
  readonly groups?: readonly string[];
}

/** Network and trust first, then what the service says about token and user. `expect.privileges` are scopes. */
async function testGafaelfawr(subject: TestSubject): Promise<Report<GafaelfawrFacts>> {
  const { client, clock, surroundings = {} } = subject;
  const findings: Finding[] = [...(subject.known ?? [])];
  if (findings.some(isBlocking)) return makeReport(findings, {});
  const reached = await probeReach({
    client,
    clock,
    product: { ...PRODUCT, defaultPort: client.origin.port },
    face: { path: `${BASE}/token-info`, recognise: () => false },
    expectsTls13: false,
    surroundings,
    step: (layer) => subject.step?.(layer, findings),
  });
  findings.push(...reached.findings);
  const seen = reached.fingerprint === undefined ? {} : { fingerprint: reached.fingerprint };
  if (findings.some(isBlocking)) return makeReport(findings, {}, seen);
  subject.step?.('authentication', findings);
  const info = await call(subject, 'GET', '/token-info');
  if (!info.ok) return makeReport([...findings, info.error.finding], {}, seen);
  if (asText(info.value.username) === '') {
    const evidence = `GET ${BASE}/token-info: 200 without username`;
    return makeReport([...findings, find('GAFAELFAWR_NOT_FOUND', 'P5', evidence, { status: 200 })], {}, seen);
  }
  const user = await call(subject, 'GET', '/user-info');
  const person = user.ok ? user.value : {};
  const held = asList(info.value.scopes).map(asText);
  const missing = (subject.expect?.privileges ?? []).filter((scope) => !held.includes(scope));
  if (missing.length > 0)
    findings.push(find('GAFAELFAWR_SCOPES', 'P8', `scopes ${held.join(' ')}`, { missing, held }));
  const facts: GafaelfawrFacts = {
    tokenType: asText(info.value.token_type),
    tokenName: asText(info.value.token_name),
    scopes: held,
    email: asText(person.email),
    groups: asList(person.groups).map((group) => asText(asRecord(group).name)),
  };
  const identity = asText(info.value.username);
  return makeReport(findings, facts, { ...seen, identity, expiresAt: asNumber(info.value.expires) ?? null });
}

/** A token of the caller's own, or, for another user, one that an administrator makes. */
async function create(subject: Subject, wish: CredentialWish): Promise<Result<MadeCredential, Finding>> {
  const own = await call(subject, 'GET', '/token-info');
  if (!own.ok) return err(own.error.finding);
  const me = asText(own.value.username);
  const user = wish.user ?? me;
  const service = user.startsWith('bot-');
  const expires = wish.expiresAt ?? null;
  const scopes = [...(wish.scopes ?? [])];
  const made =
    user === me && !service
      ? await call(subject, 'POST', `/users/${encodeURIComponent(user)}/tokens`, {
          token_name: wish.name,
          scopes,
          expires,
        })
      : await call(subject, 'POST', '/tokens', {
          username: user,
          token_type: service ? 'service' : 'user',
          ...(service ? {} : { token_name: wish.name }),
          scopes,
          expires,
        });
  if (!made.ok) return err(made.error.finding);
  const secret = new Secret(asText(made.value.token));
  const credential = { method: 'bearer' as const, identity: user, secret };
  return ok({
    credential,
    expiresAt: expires,
    done: [`token ${wish.name} of ${user}`],
    undo: () => revoke({ ...subject, credential }, subject),
  });
}

async function revoke(subject: Subject, admin: Subject = subject): Promise<Result<true, Finding>> {
  const info = await call(subject, 'GET', '/token-info');
  // A token the service no longer knows is revoked already.
  if (!info.ok) return info.error.status === 401 ? ok(true) : err(info.error.finding);
  const below = `/users/${encodeURIComponent(asText(info.value.username))}/tokens/${encodeURIComponent(asText(info.value.token))}`;
  const gone = await call(admin, 'DELETE', below);
  return gone.ok ? ok(true) : err(gone.error.finding);
}

/** Gafaelfawr, the token service of the Rubin Science Platform. */
export const gafaelfawr: Kind = {
  name: 'gafaelfawr',
  defaultPort: 443,
  methods: ['bearer'],
  tasks: {},
  readCredential: (input) => {
    const read = readOpaqueToken(input, 'bearer');
    if (!read.ok || TOKEN.test(read.value.credential.secret.reveal())) return read;
    const { length } = read.value.credential.secret;
    const odd = find('GAFAELFAWR_TOKEN_SHAPE', 'P0', `${length} characters`, { length });
    return ok({ ...read.value, findings: [odd] });
  },
  carrier: ({ credential }) => constantCarrier(bearerInjection(credential.secret)),
  test: testGafaelfawr,
  create,
  revoke,
};
