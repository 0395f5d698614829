import { err, ok, type Result } from '../../base/result.ts';
import { type Answer, broke, lockedOut, sessionExpired, unauthenticated } from './answer.ts';
import type { Foreman, User } from './state.ts';

const FAILED_LOGIN_LIMIT = 30;
const FAILED_LOGIN_WINDOW_MS = 5 * 60_000;
const SESSION_IDLE_MS = 60 * 60_000;
const PRIVATE_ADDRESS = /^(::1$|::ffff:127\.|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i;

export interface LoginRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Of the direct peer. */
  readonly peer: string;
}

export interface Login {
  readonly user: User;
  /** A session to be set by cookie: made by a Basic login, renewed by use. */
  readonly sessionId: string;
  /** The session had been idle for too long; said only after the permission was checked. */
  readonly expired: boolean;
}

/** The last address that is not private: forwarded headers count, as the peer is on a trusted network. */
function clientAddress({ headers, peer }: LoginRequest): string {
  const hops = (headers['x-forwarded-for'] ?? '').split(',').map((hop) => hop.trim());
  const own = hops.filter((hop) => hop !== '' && !PRIVATE_ADDRESS.test(hop)).at(-1);
  return PRIVATE_ADDRESS.test(peer) && own !== undefined ? own : peer;
}

function isLocked(foreman: Foreman, address: string): boolean {
  if (foreman.faults.has('LOCKED_OUT')) return true;
  const failures = foreman.failures.get(address);
  if (failures === undefined) return false;
  if (failures.endsMs > foreman.clock()) return failures.count >= FAILED_LOGIN_LIMIT;
  foreman.failures.delete(address);
  return false;
}

/** Each counted failure begins the five minutes anew; a success changes nothing. */
function countFailure(foreman: Foreman, address: string): void {
  const count = (foreman.failures.get(address)?.count ?? 0) + 1;
  foreman.failures.set(address, { count, endsMs: foreman.clock() + FAILED_LOGIN_WINDOW_MS });
}

function bySession(foreman: Foreman, cookie: string | undefined): Login | undefined {
  const id = /(?:^|;\s*)_session_id=([^;]*)/.exec(cookie ?? '')?.[1];
  const session = id === undefined ? undefined : foreman.sessions.get(id);
  const user = session && foreman.users.get(session.userId);
  if (id === undefined || session === undefined || user === undefined) return undefined;
  const expired =
    foreman.clock() - session.lastUsedMs > SESSION_IDLE_MS || foreman.faults.has('SESSION_STALE');
  if (expired) foreman.sessions.delete(id);
  session.lastUsedMs = foreman.clock();
  return { user, sessionId: id, expired };
}

/** Active ones of this very user; there is nothing in a token that narrows its rights. */
function tokenMatches(foreman: Foreman, user: User, secret: string): boolean {
  return [...foreman.tokens.values()].some(
    (token) =>
      token.userId === user.id &&
      token.secret === secret &&
      !token.revoked &&
      (token.expiresAtMs === null || token.expiresAtMs > foreman.clock()),
  );
}

function byBasic(foreman: Foreman, header: string): Result<User, Answer> {
  if (foreman.faults.has('LDAP_DOWN'))
    return err(broke('Unable to connect to LDAP server ldap.lab.example:636: Connection refused'));
  const decoded = Buffer.from(header.slice('Basic'.length).trim(), 'base64').toString('utf8');
  const cut = decoded.indexOf(':');
  const login = cut < 0 ? decoded : decoded.slice(0, cut);
  const secret = cut < 0 ? '' : decoded.slice(cut + 1);
  const refused = err(unauthenticated(login));
  if (secret === '' || foreman.faults.has('TOKEN_REFUSED')) return refused;
  const user = [...foreman.users.values()].find((one) => one.login.toLowerCase() === login.toLowerCase());
  if (user === undefined || user.hidden) return refused;
  return tokenMatches(foreman, user, secret) || user.password === secret ? ok(user) : refused;
}

/** A bearer that is no JWT breaks this release; one that looks like a JWT is merely refused. */
function byBearer(header: string): Answer {
  const segments = header.slice('Bearer'.length).trim().split('.');
  return segments.length === 3 ? unauthenticated('') : broke('Not enough or too many segments');
}

function newSession(foreman: Foreman, user: User): Login {
  const sessionId = foreman.random(16).toString('hex');
  foreman.sessions.set(sessionId, { userId: user.id, lastUsedMs: foreman.clock() });
  return { user, sessionId, expired: false };
}

/**
 * Who calls: a live session first (then no header is looked at), else the one method that the header's scheme
 * selects. Failures count against the address, those without credentials as well.
 */
export function authenticate(foreman: Foreman, request: LoginRequest): Result<Login, Answer> {
  const session = bySession(foreman, request.headers.cookie);
  if (session !== undefined) return ok(session);
  if (foreman.faults.has('SESSION_STALE') && /_session_id=/.test(request.headers.cookie ?? ''))
    return err(sessionExpired());
  const address = clientAddress(request);
  if (isLocked(foreman, address)) return err(lockedOut());
  const header = foreman.faults.has('AUTH_STRIPPED') ? '' : (request.headers.authorization ?? '');
  const refuse = (answer: Answer): Result<Login, Answer> => {
    if (answer.status === 401) countFailure(foreman, address);
    return err(answer);
  };
  if (header.startsWith('Bearer')) return refuse(byBearer(header));
  if (!header.startsWith('Basic')) return refuse(unauthenticated(''));
  const user = byBasic(foreman, header);
  return user.ok ? ok(newSession(foreman, user.value)) : refuse(user.error);
}
