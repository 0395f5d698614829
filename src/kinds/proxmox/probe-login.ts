import { seconds } from '../../base/clock.ts';
import type { OutboundResponse } from '../../outbound/message.ts';
import type { Origin } from '../../outbound/origin.ts';
import type { Finding } from '../finding.ts';
import { isBlocking } from '../finding.ts';
import { asNumber, asRecord, asRecords, asText, parseJson } from '../json.ts';
import type { TestSubject } from '../kind.ts';
import { judgeClocks } from '../reach/clocks.ts';
import { failedCall } from '../reach/failed.ts';
import { reachFinding } from '../reach/subject.ts';
import { type ProxmoxApi, path, proxmoxApi } from './api.ts';
import { find } from './find.ts';
import { tokenIdOf } from './identity.ts';
import { isProxmoxServer, PROXMOX, REALMS_PATH } from './product.ts';
import { explainRefusal, type RefusalContext } from './refusal.ts';
import type { Who } from './rows-access.ts';
import { proxmoxCarrier } from './session.ts';

export interface Product5 {
  readonly findings: readonly Finding[];
  readonly realms: readonly string[];
}

/** P5: what the server says of itself to everybody. Nothing of the credential is sent. */
export async function probeProduct(subject: TestSubject): Promise<Product5> {
  const { client, clock } = subject;
  const { host } = client.origin;
  const answer = await client.request({
    method: 'GET',
    path: REALMS_PATH,
    headers: { Accept: 'application/json' },
  });
  if (!answer.ok) return { findings: [failedCall(answer.error, client.origin, PROXMOX, 'P5')], realms: [] };
  const { status, reason, body, headers } = answer.value;
  const evidence = `GET ${REALMS_PATH}: ${status} ${reason}; Server: ${headers.server ?? 'none'}`;
  const location = headers.location ?? '';
  if (
    client.origin.scheme === 'http' &&
    (status === 301 || status === 308) &&
    location.startsWith('https:')
  ) {
    const place = { host, port: client.origin.port, product: PROXMOX };
    return { findings: [reachFinding('HTTP_SCHEME', 'P3', evidence, place)], realms: [] };
  }
  const realms = asRecords(asRecord(parseJson(body)).data).map((row) => asText(row.realm));
  const odd = notProxmox(answer.value, realms, client.origin, evidence);
  if (odd !== undefined) return { findings: [odd], realms: [] };
  const clocks = await judgeClocks(
    { client, clock, product: PROXMOX, surroundings: subject.surroundings ?? {} },
    answer.value,
    'P5',
  );
  return { findings: clocks === undefined ? [] : [clocks], realms };
}

function notProxmox(
  answer: OutboundResponse,
  realms: readonly string[],
  { host, basePath }: Origin,
  evidence: string,
): Finding | undefined {
  const { status, reason, body } = answer;
  const own = isProxmoxServer(answer);
  if (status === 200 && realms.includes('pam') && (realms.length > 1 || own)) {
    // Backup Server and Mail Gateway answer the same call, with realms of their own in place of pve.
    const other = realms.find((realm) => realm === 'pbs' || realm === 'pmg');
    return other === undefined
      ? undefined
      : find('PRODUCT_WRONG', 'P5', `${evidence}; realm ${other}`, { host });
  }
  // The server asks for a login before it says that there is no such call.
  const inBase = /\/api2(\/|$)/i.test(basePath) ? `${basePath}/...` : undefined;
  const said = /Method '\w+ (\/api2\/\S*)' not implemented/.exec(
    `${reason}\n${body.toString('latin1', 0, 500)}`,
  );
  const doubled = said?.[1] ?? inBase;
  if (own && doubled !== undefined) return find('PATH_DOUBLED', 'P5', evidence, { host, path: doubled });
  const json = parseJson(body);
  if (status === 404 || status === 501 || (status === 200 && json !== undefined))
    return find('PRODUCT_WRONG', 'P5', evidence, { host });
  if (!own) return find('PROXY_BAD', 'P5', evidence, { status, host });
  return find('ANSWER_ODD', 'P5', evidence, { status, reason });
}

export interface Login {
  readonly findings: readonly Finding[];
  readonly version: string;
  readonly release: string;
}

/** P7: the credential, once. Refused, it is never tried again; P15 narrows the cause where that was allowed. */
export async function probeLogin(
  subject: TestSubject,
  api: ProxmoxApi,
  realms: readonly string[],
): Promise<Login> {
  const { user, realm, token } = tokenIdOf(subject.credential.identity);
  const who: Who = { user, token };
  const nothing = { version: '', release: '' };
  if (realms.length > 0 && realm !== '' && !realms.includes(realm))
    return {
      ...nothing,
      findings: [find('WRONG_REALM', 'P5', `realms ${realms.join(', ')}`, { realm, realms })],
    };
  const answer = await api.get('/version');
  if (answer.ok) {
    const data = asRecord(answer.value);
    return { findings: [], version: asText(data.version), release: asText(data.release) };
  }
  const context: RefusalContext = { origin: subject.client.origin, who };
  const first = explainRefusal(answer.error, context, 'P7');
  const refused = first.layer === 'authentication' && token !== '';
  const narrowed = refused && NARROWABLE.has(first.code) ? await probeOwner(subject, who, first) : first;
  const myth =
    refused && (subject.expect?.passwordBeside ?? false)
      ? [find('FALLBACK_MYTH', 'P0', 'token id and password are both set', who)]
      : [];
  return { ...nothing, findings: [narrowed, ...myth] };
}

/** Causes that the owner's own view of the token can tell apart or date. */
const NARROWABLE = new Set(['AUTH_OPAQUE', 'TOKEN_UNKNOWN', 'TOKEN_EXPIRED']);

/** P15, opt-in: one login with the owner's password, to see the token from the owner's side. */
async function probeOwner(subject: TestSubject, who: Who, before: Finding): Promise<Finding> {
  const owner = ownerApi(subject, who);
  if (owner === undefined) return before;
  const answer = await owner.get(path`/access/users/${who.user}/token`);
  if (!answer.ok) return before;
  const tokens = asRecords(answer.value);
  const names = tokens.map((row) => asText(row.tokenid));
  const evidence = `${before.evidence}; P15: tokens of ${who.user}: ${names.join(', ') || 'none'}`;
  const found = tokens.find((row) => asText(row.tokenid) === who.token);
  if (found === undefined) return find('TOKEN_UNKNOWN', 'P15', evidence, { ...who, others: names });
  const expire = asNumber(found.expire) ?? 0;
  if (expire !== 0 && expire <= seconds(subject.clock))
    return find('TOKEN_EXPIRED', 'P15', evidence, {
      ...who,
      date: new Date(expire * 1000).toISOString().slice(0, 10),
    });
  return find('SECRET_WRONG', 'P15', evidence, who);
}

/** Calls as the token's owner, where the owner's password was handed in for this. */
export function ownerApi(subject: TestSubject, who: Who): ProxmoxApi | undefined {
  const password = subject.expect?.password;
  if (password === undefined || who.token === '') return undefined;
  const owner = {
    ...subject,
    credential: { method: 'password' as const, identity: who.user, secret: password },
  };
  return proxmoxApi(owner, proxmoxCarrier(owner));
}

/** When the credential ends, where it may know that: a token sees its own expiry only with User.Modify. */
export async function readExpiry(api: ProxmoxApi, who: Who): Promise<number | null | undefined> {
  if (who.token === '') return undefined;
  const answer = await api.get(path`/access/users/${who.user}/token/${who.token}`);
  if (!answer.ok) return undefined;
  const expire = asNumber(asRecord(answer.value).expire);
  return expire === undefined ? undefined : expire === 0 ? null : expire;
}

export const stopped = (findings: readonly Finding[]): boolean => findings.some(isBlocking);
