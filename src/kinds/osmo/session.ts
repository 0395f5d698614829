import { seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { redactor } from '../../outbound/redact.ts';
import { bearerInjection, STRIP_ALWAYS } from '../bearer.ts';
import type { Finding } from '../finding.ts';
import { asNumber, asRecord, asText, type Json, parseJson } from '../json.ts';
import type { Carrier, Subject } from '../kind.ts';
import { failedCall } from '../reach/failed.ts';
import { find, PRODUCT } from './find.ts';

/** Identity headers that OSMO's gateway sets itself and a caller must not. */
const STRIP = [
  ...STRIP_ALWAYS,
  'x-osmo-auth',
  'x-osmo-user',
  'x-osmo-roles',
  'x-osmo-token-name',
  'x-osmo-workflow-id',
  'x-osmo-allowed-pools',
];

/** Seconds before its end at which a login is made anew: clocks differ, and requests take time. */
const RENEW_BEFORE_SECONDS = 30;

/** A personal access token rides as the short JWT it is exchanged for, made anew before it ends. */
export function osmoCarrier(subject: Subject): Carrier {
  let held: { readonly jwt: Secret; readonly until: number } | undefined;
  let pending: Promise<Result<Secret, Finding>> | undefined;

  async function current(): Promise<Result<Secret, Finding>> {
    if (held !== undefined && seconds(subject.clock) < held.until - RENEW_BEFORE_SECONDS) return ok(held.jwt);
    const made = await exchange(subject);
    if (!made.ok) return made;
    held = made.value;
    return ok(made.value.jwt);
  }

  return {
    inject: async () => {
      pending ??= current().finally(() => {
        pending = undefined;
      });
      const jwt = await pending;
      return jwt.ok ? ok(bearerInjection(jwt.value, STRIP)) : jwt;
    },
    forget: () => {
      held = undefined;
    },
  };
}

async function exchange(subject: Subject): Promise<Result<{ jwt: Secret; until: number }, Finding>> {
  const { client, credential } = subject;
  const clean = redactor([credential.secret]);
  const answer = await client.request({
    method: 'POST',
    path: '/api/auth/jwt/access_token',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ token: credential.secret.reveal() }),
  });
  if (!answer.ok) return err(clean(failedCall(answer.error, client.origin, PRODUCT, 'P7')));
  const { status, body } = answer.value;
  const json = parseJson(body);
  const jwt = asText(asRecord(json).token);
  if (status === 200 && jwt !== '')
    return ok({ jwt: new Secret(jwt), until: readEnd(jwt, asRecord(json).expires_at, subject) });
  return err(clean(explainOsmo('POST /api/auth/jwt/access_token', status, json)));
}

/** The answer states the end; the JWT itself says it too. */
function readEnd(jwt: string, stated: Json | undefined, subject: Subject): number {
  const payload = parseJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url'));
  return asNumber(asRecord(payload).exp) ?? asNumber(stated) ?? seconds(subject.clock) + 60;
}

export function explainOsmo(call: string, status: number, json: Json | undefined): Finding {
  const said = asText(asRecord(json).message).replace(/\.$/, '');
  const evidence = `${call}: ${status} ${said}`;
  const exchange = call.endsWith('/access_token') && call.startsWith('POST /api/auth/jwt');
  if (json === undefined && (status === 404 || status < 400))
    return find('OSMO_NOT_OSMO', 'P5', evidence, { status });
  if (exchange && status >= 400 && status < 500)
    return /expir/i.test(said)
      ? find('OSMO_TOKEN_EXPIRED', 'P7', evidence, { said })
      : find('OSMO_TOKEN_REFUSED', 'P7', evidence, { said });
  if (status === 401) return find('OSMO_TOKEN_REFUSED', 'P7', evidence, { said });
  if (status === 403) return find('OSMO_FORBIDDEN', 'P8', evidence, { said });
  return find('OSMO_ODD', 'P7', evidence, { status, said });
}
