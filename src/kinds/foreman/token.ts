import { seconds } from '../../base/clock.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { Finding } from '../finding.ts';
import { asFlag, asNumber, asRecord, asRecords, asText, type JsonRecord } from '../json.ts';
import type { Credential, CredentialWish, MadeCredential, Rotated, Subject } from '../kind.ts';
import { type ForemanApi, foremanApi, path, type Refusal } from './api.ts';
import { find } from './find.ts';
import { readForemanTime, writeForemanTime } from './time.ts';

export interface TokenFacts {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Seconds since the epoch; null for never. */
  readonly expiresAt: number | null;
  readonly createdAt: number | null;
}

const tokensOf = (userId: number): string => path`/api/users/${userId}/personal_access_tokens`;

/** The numeric id behind a login: the routes of tokens take nothing else. */
async function userIdOf(api: ForemanApi, login: string): Promise<Result<number, Finding>> {
  const own = login.toLowerCase() === api.login.toLowerCase();
  const current = own ? await api.get('/api/current_user') : undefined;
  // Older than 1.24 there is no such address: the user is asked for by its login, which everybody may do for
  // themselves. Any other refusal stands; a second login with a refused password counts towards the lock-out.
  const tooOld = current !== undefined && !current.ok && current.error.status === 404;
  const answer = current === undefined || tooOld ? await api.get(path`/api/users/${login}`) : current;
  if (!answer.ok) {
    const unknown = answer.error.status === 404;
    const evidence = answer.error.finding.evidence;
    return err(unknown ? find('FOREMAN_USER_UNKNOWN', 'P7', evidence, { login }) : answer.error.finding);
  }
  const id = asNumber(asRecord(answer.value).id);
  return id === undefined
    ? err(find('FOREMAN_ODD', 'P7', 'the user has no id', { status: 200, said: 'the user has no id' }))
    : ok(id);
}

/**
 * Makes a personal access token with the subject's own credential, which may be a password used once.
 * The end is sent in the one spelling that is not misread and compared with what was stored: text that Foreman
 * cannot read becomes "never" in silence.
 */
export async function createForemanToken(
  subject: Subject,
  wish: CredentialWish,
): Promise<Result<MadeCredential, Finding>> {
  const login = wish.user ?? subject.credential.identity;
  if (wish.expiresAt !== undefined && wish.expiresAt <= seconds(subject.clock)) {
    const date = writeForemanTime(wish.expiresAt);
    return err(find('FOREMAN_EXPIRY_PAST', 'P0', date, { date }));
  }
  const api = foremanApi(subject);
  const userId = await userIdOf(api, login);
  if (!userId.ok) return userId;
  const wanted = wish.expiresAt === undefined ? null : writeForemanTime(wish.expiresAt);
  const made = await api.post(tokensOf(userId.value), {
    personal_access_token: { name: wish.name, ...(wanted === null ? {} : { expires_at: wanted }) },
  });
  if (!made.ok) return err(explainCreate(made.error, wish.name, api.login));
  const body = asRecord(made.value);
  const id = asText(body.id);
  const undo = () => revokeById(api, userId.value, id);
  const stored = readForemanTime(body.expires_at === null ? null : asText(body.expires_at));
  if (stored !== (wish.expiresAt ?? null)) {
    await undo();
    const got = asText(body.expires_at) || 'never';
    return err(find('FOREMAN_EXPIRY_LOST', 'P7', `expires_at ${got}`, { wanted: wanted ?? 'never', got }));
  }
  return ok({
    credential: {
      method: 'basic',
      identity: login,
      secret: new Secret(asText(body.token_value)),
      upstreamId: id,
    },
    expiresAt: stored ?? null,
    done: [`token ${wish.name} (${id}) of ${login}`],
    undo,
  });
}

function explainCreate(refusal: Refusal, name: string, login: string): Finding {
  const { status, errors, finding } = refusal;
  if (status !== 422) return finding;
  const { name: said } = errors;
  return said === undefined
    ? find('FOREMAN_CREATE_DENIED', 'P7', finding.evidence, { login })
    : find('FOREMAN_NAME_TAKEN', 'P7', finding.evidence, { name, said });
}

/** All tokens of a user, revoked and ended ones too: Foreman keeps them for ever. */
export async function listForemanTokens(
  subject: Subject,
  login = subject.credential.identity,
): Promise<Result<readonly TokenFacts[], Finding>> {
  const api = foremanApi(subject);
  const userId = await userIdOf(api, login);
  if (!userId.ok) return userId;
  const tokens: TokenFacts[] = [];
  for (let page = 1; page <= 100; page += 1) {
    const answer = await api.get(tokensOf(userId.value), { page, per_page: 100 });
    if (!answer.ok) return err(answer.error.finding);
    const rows = asRecords(asRecord(answer.value).results);
    tokens.push(...rows.map(tokenFacts));
    if (rows.length < 100) break;
  }
  return ok(tokens);
}

const tokenFacts = (row: JsonRecord): TokenFacts => ({
  id: asText(row.id),
  name: asText(row.name),
  active: asFlag(row['active?']),
  expiresAt: readForemanTime(asText(row.expires_at)) ?? null,
  createdAt: readForemanTime(asText(row.created_at)) ?? null,
});

/**
 * Revokes one token by its number and believes only the answer that says so. In 1.24 a login that is no
 * administrator gets "not found" for its own tokens, whatever it may otherwise do.
 */
async function revokeById(api: ForemanApi, userId: number, id: string): Promise<Result<true, Finding>> {
  const answer = await api.delete(`${tokensOf(userId)}/${encodeURIComponent(id)}`);
  if (answer.ok) {
    if (asFlag(asRecord(answer.value).revoked)) return ok(true);
    return err(
      find('FOREMAN_ODD', 'P7', 'DELETE answered without revoked', { status: 200, said: 'not revoked' }),
    );
  }
  const { status, finding } = answer.error;
  return err(
    status === 404
      ? find('FOREMAN_REVOKE_NEEDS_ADMIN', 'P7', finding.evidence, { login: api.login, id })
      : finding,
  );
}

/** @param admin who does it; in 1.24 that has to be an administrator */
export async function revokeForemanToken(
  subject: Subject,
  admin: Subject = subject,
): Promise<Result<true, Finding>> {
  const { identity: login, upstreamId } = subject.credential;
  if (upstreamId === undefined)
    return err(find('FOREMAN_TOKEN_UNKNOWN', 'P0', 'no number is kept', { login }));
  const api = foremanApi(admin);
  const userId = await userIdOf(api, login);
  return userId.ok ? revokeById(api, userId.value, upstreamId) : userId;
}

/** A new token of the same login and end; the old one goes when `finish` is called. Names are never reused. */
export async function rotateForemanToken(
  subject: Subject,
  admin: Subject = subject,
): Promise<Result<Rotated, Finding>> {
  const { identity: login, upstreamId } = subject.credential;
  const listed = await listForemanTokens(admin, login);
  if (!listed.ok) return listed;
  const old = listed.value.find((token) => token.id === upstreamId);
  const name = freshName(old?.name ?? 'tessera', listed.value);
  const future = old?.expiresAt != null && old.expiresAt > seconds(subject.clock);
  const made = await createForemanToken(admin, {
    name,
    user: login,
    ...(future && old?.expiresAt != null ? { expiresAt: old.expiresAt } : {}),
  });
  if (!made.ok) return made;
  const credential: Credential = made.value.credential;
  return ok({
    credential,
    overlap: true,
    finish: () => revokeForemanToken(subject, admin === subject ? { ...subject, credential } : admin),
  });
}

function freshName(name: string, tokens: readonly TokenFacts[]): string {
  const taken = new Set(tokens.map((token) => token.name));
  const base = name.replace(/-r\d+$/, '');
  let count = 2;
  while (taken.has(`${base}-r${count}`)) count += 1;
  return `${base}-r${count}`;
}
