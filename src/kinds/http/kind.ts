import { fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { redactor } from '../../outbound/redact.ts';
import { bearerInjection, headerFault, readOpaqueToken, STRIP_ALWAYS } from '../bearer.ts';
import { constantCarrier } from '../constant.ts';
import { type Finding, findingsFrom, isBlocking, row } from '../finding.ts';
import type {
  Credential,
  CredentialInput,
  Injection,
  Kind,
  ReadCredential,
  Report,
  TestSubject,
} from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { plainProduct } from '../reach/plain.ts';
import { probeReach } from '../reach/probe.ts';
import { makeReport } from '../report.ts';

const PRODUCT = plainProduct('the HTTP service', 443);

const find = findingsFrom({
  HTTP_REDIRECT: row('product', 'blocking', (a: { status: number; to: string }) => [
    `The test path answers with a redirect (status ${a.status}${a.to === '' ? '' : ` to ${a.to}`}), which is never followed.`,
    'Register the URL it leads to, or name a test path that answers itself.',
  ]),
  HTTP_AUTH_REFUSED: row('authentication', 'blocking', (_: object) => [
    'The service refuses the credential.',
    'Check the token and the way it is sent (bearer, Basic or header).',
  ]),
  HTTP_FORBIDDEN: row('rights', 'blocking', (_: object) => [
    'The service knows the credential and does not allow it this.',
    'Give it the right to read the test path, or name another.',
  ]),
  HTTP_NOT_FOUND: row('objects', 'blocking', (a: { path: string }) => [
    `There is nothing at the test path ${a.path}.`,
    'Name a path that answers 2xx to a good credential.',
  ]),
  HTTP_FAILED: row('product', 'blocking', (a: { status: number }) => [
    `The service answers the test path with status ${a.status}.`,
    'Look at the service and at whatever stands in front of it.',
  ]),
});

/** A header's name (RFC 9110 section 5.1). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** Names that say where a message goes or how long it is: no credential may ride there. */
const RESERVED = new Set([
  ...[
    'host',
    'content-length',
    'content-type',
    'transfer-encoding',
    'connection',
    'upgrade',
    'te',
    'trailer',
  ],
  ...['keep-alive', 'proxy-authorization', 'proxy-connection', 'expect', 'cookie'],
]);

/** Faults (`invalid_request`) name `method`, `user`, `name` or `secret`. */
function readHttpCredential(input: CredentialInput): Result<ReadCredential> {
  const method = input.method ?? (input.name ? 'header' : input.user ? 'basic' : 'bearer');
  if (method === 'query')
    return err(
      fieldFault(
        'invalid_request',
        'method',
        'a credential in the query is refused: it would end up in logs',
        'use bearer, basic or header',
      ),
    );
  const secret = input.secret ?? '';
  if (method === 'bearer' || method === 'token') return readOpaqueToken(input, 'bearer');
  if (method === 'basic' || method === 'password') {
    const user = input.user ?? '';
    if (user === '') return err(fieldFault('invalid_request', 'user', 'is empty', 'give the login name'));
    if (user.includes(':'))
      return err(fieldFault('invalid_request', 'user', 'contains a colon, which Basic cannot carry'));
    if (/[\u0000-\u001f\u007f]/.test(user + secret))
      return err(fieldFault('invalid_request', 'secret', 'contains a line break or a control character'));
    if (secret === '') return err(fieldFault('invalid_request', 'secret', 'is empty'));
    return ok({ credential: { method: 'basic', identity: user, secret: new Secret(secret) }, findings: [] });
  }
  const name = (input.name ?? '').trim();
  if (!HEADER_NAME.test(name) || RESERVED.has(name.toLowerCase()))
    return err(
      fieldFault('invalid_request', 'name', 'is no header a credential may ride in', 'for example X-Api-Key'),
    );
  const fault = headerFault(secret.trim());
  if (fault !== undefined) return err(fieldFault('invalid_request', 'secret', fault));
  return ok({
    credential: { method: 'header', identity: name, secret: new Secret(secret.trim()) },
    findings: [],
  });
}

function httpInjection({ method, identity, secret }: Credential): Injection {
  if (method === 'basic') {
    const pair = Buffer.from(`${identity}:${secret.reveal()}`, 'utf8').toString('base64');
    return { set: { Authorization: new Secret(`Basic ${pair}`) }, strip: STRIP_ALWAYS };
  }
  return method === 'header'
    ? { set: { [identity]: secret }, strip: [...STRIP_ALWAYS, identity.toLowerCase()] }
    : bearerInjection(secret);
}

/** Network and trust; with a test path also whether the credential is taken there. */
async function testHttp(subject: TestSubject): Promise<Report> {
  const { client, credential, clock, surroundings = {} } = subject;
  const findings: Finding[] = [...(subject.known ?? [])];
  const clean = redactor([credential.secret]);
  if (findings.some(isBlocking)) return makeReport(findings, {});
  const reached = await probeReach({
    client,
    clock,
    product: { ...PRODUCT, defaultPort: client.origin.port },
    face: { path: '/', recognise: () => false },
    expectsTls13: false,
    surroundings,
    step: (layer) => subject.step?.(layer, findings),
  });
  findings.push(...reached.findings);
  const seen = reached.fingerprint === undefined ? {} : { fingerprint: reached.fingerprint };
  const path = subject.expect?.path;
  if (findings.some(isBlocking) || path === undefined)
    return makeReport(findings, { tested: 'network' }, seen);
  subject.step?.('authentication', findings);
  const answer = await client.request({ method: 'GET', path, headers: httpInjection(credential).set });
  const found = answer.ok
    ? judge(answer.value.status, answer.value.reason, answer.value.headers.location ?? '', path)
    : failedCall(answer.error, client.origin, PRODUCT, 'P7');
  if (found !== undefined) return clean(makeReport([...findings, found], { tested: 'path' }, seen));
  return makeReport(findings, { tested: 'path' }, { ...seen, identity: credential.identity });
}

function judge(status: number, reason: string, location: string, path: string): Finding | undefined {
  const evidence = `GET ${path.replace(/\?.*$/, '')}: ${status} ${reason}`;
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400)
    return find('HTTP_REDIRECT', 'P5', evidence, { status, to: location.replace(/[?#].*$/, '') });
  if (status === 401) return find('HTTP_AUTH_REFUSED', 'P7', evidence, {});
  if (status === 403) return find('HTTP_FORBIDDEN', 'P8', evidence, {});
  if (status === 404) return find('HTTP_NOT_FOUND', 'P10', evidence, { path: path.replace(/\?.*$/, '') });
  return find('HTTP_FAILED', 'P5', evidence, { status });
}

/** Any HTTP API that takes a bearer token, Basic, or a header of its own. */
export const http: Kind = {
  name: 'http',
  defaultPort: 443,
  methods: ['bearer', 'basic', 'header'],
  tasks: {},
  readCredential: readHttpCredential,
  carrier: ({ credential }) => constantCarrier(httpInjection(credential)),
  test: testHttp,
};
