import { seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { constantCarrier } from '../constant.ts';
import type { Finding } from '../finding.ts';
import { asRecord, asText, parseJson } from '../json.ts';
import type { Carrier, Credential, Injection, Subject } from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { find } from './find.ts';
import { tokenIdOf } from './identity.ts';
import { PROXMOX } from './product.ts';

/**
 * Headers of a caller that must not reach the server: a cookie outranks the token that is set, the rest steers
 * the server's own proxying.
 */
const STRIP = [
  'authorization',
  'cookie',
  'csrfpreventiontoken',
  'pveclientip',
  'pvedisableproxy',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
];

/** A ticket is good for 7200 s; half of that is a good moment to renew it, without limit. */
const RENEW_AFTER_SECONDS = 3600;
const DEAD_AFTER_SECONDS = 7200;

interface Session {
  readonly ticket: Secret;
  readonly csrf: Secret;
  readonly madeAt: number;
}

/** How a Proxmox VE credential rides: a token in one header, a password as a ticket that is kept alive. */
export function proxmoxCarrier(subject: Subject): Carrier {
  return subject.credential.method === 'password'
    ? ticketCarrier(subject)
    : constantCarrier(tokenInjection(subject.credential));
}

/**
 * The server decodes the header once and cuts it at a semicolon, so everything unusual is percent-encoded.
 */
export function tokenInjection(credential: Credential): Injection {
  const encode = (text: string): string =>
    text.replace(/[^A-Za-z0-9@!._-]/gu, (character) => encodeURIComponent(character));
  const value = `PVEAPIToken=${encode(credential.identity)}=${encode(credential.secret.reveal())}`;
  return { set: { Authorization: new Secret(value) }, strip: STRIP };
}

function ticketCarrier(subject: Subject): Carrier {
  let session: Session | undefined;
  let refused: Finding | undefined;
  let pending: Promise<Result<Session, Finding>> | undefined;

  async function current(): Promise<Result<Session, Finding>> {
    // A refused password is never sent a second time: directories lock accounts by counting.
    if (refused !== undefined) return err(refused);
    const age = session === undefined ? Number.POSITIVE_INFINITY : seconds(subject.clock) - session.madeAt;
    if (session !== undefined && age < RENEW_AFTER_SECONDS) return ok(session);
    if (session !== undefined && age < DEAD_AFTER_SECONDS) {
      const renewed = await login(subject, session.ticket);
      if (renewed.ok) return keep(renewed.value);
    }
    const made = await login(subject, subject.credential.secret);
    if (made.ok) return keep(made.value);
    if (made.error.layer === 'authentication') refused = made.error;
    return made;
  }

  const keep = (made: Session): Result<Session, Finding> => {
    session = made;
    return ok(made);
  };

  return {
    inject: async (method) => {
      pending ??= current().finally(() => {
        pending = undefined;
      });
      const held = await pending;
      return held.ok ? ok(ticketInjection(held.value, method)) : held;
    },
    forget: () => {
      session = undefined;
    },
  };
}

/** Cookie always, the CSRF header on everything that writes. */
function ticketInjection(session: Session, method: string): Injection {
  const cookie = new Secret(`PVEAuthCookie=${encodeURIComponent(session.ticket.reveal())}`);
  const writes = ['POST', 'PUT', 'DELETE'].includes(method.toUpperCase());
  return { set: { Cookie: cookie, ...(writes ? { CSRFPreventionToken: session.csrf } : {}) }, strip: STRIP };
}

async function login(subject: Subject, password: Secret): Promise<Result<Session, Finding>> {
  const who = { user: subject.credential.identity, token: '' };
  const form = {
    username: who.user,
    password: password.reveal(),
    // Release 7 gives the challenge of a second factor in its present form only when asked.
    'new-format': '1',
  };
  const answer = await subject.client.request({
    method: 'POST',
    path: '/api2/json/access/ticket',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: Object.entries(form)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&'),
  });
  if (!answer.ok) return err(failedCall(answer.error, subject.client.origin, PROXMOX, 'P7'));
  const { status, reason, body } = answer.value;
  const evidence = `POST /access/ticket: ${status} ${reason}`;
  if (status === 401) return err(find('PASSWORD_BAD', 'P7', evidence, who));
  const data = asRecord(asRecord(parseJson(body)).data);
  if (status !== 200 || asText(data.ticket) === '')
    return err(find('ANSWER_ODD', 'P7', evidence, { status, reason }));
  const { realm } = tokenIdOf(who.user);
  if (data.NeedTFA !== undefined || asText(data.ticket).startsWith('PVE:!tfa!'))
    return err(find('TFA_NEEDED', 'P7', `${evidence}; NeedTFA (realm ${realm})`, who));
  return ok({
    ticket: new Secret(asText(data.ticket)),
    csrf: new Secret(asText(data.CSRFPreventionToken)),
    madeAt: seconds(subject.clock),
  });
}
