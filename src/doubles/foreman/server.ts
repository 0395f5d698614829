import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { err, ok, type Result } from '../../base/result.ts';
import { type Cuts, loseAnswer } from '../cuts.ts';
import { type LoggedRequest, logged } from '../request-log.ts';
import {
  type Answer,
  accessDenied,
  badJson,
  noRoute,
  placeNotFound,
  sessionExpired,
  unsupportedType,
} from './answer.ts';
import { authenticate, type Login } from './authentication.ts';
import type { Call, CallContext } from './calls/call.ts';
import { may } from './calls/call.ts';
import { apiDescription, FOREMAN_VERSION, type FoundCall, findCall } from './calls/table.ts';
import { type Foreman, type Place, permissionsOf, withChildren } from './state.ts';

export interface ServerParts {
  readonly foreman: Foreman;
  readonly table: readonly Call[];
  readonly cuts: Cuts;
  readonly log: (entry: LoggedRequest) => void;
}

type Headers = [string, string][];

interface Outcome {
  readonly answer: Answer;
  /** Headers that only authorised answers carry. */
  readonly headers: Headers;
}

const plainOutcome = (answer: Answer): Outcome => ({ answer, headers: [] });

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A body announced as JSON is parsed before anything else is looked at. */
function parseBody(type: string, text: string): Result<Record<string, unknown>, Answer> {
  if (!type.startsWith('application/json') || text.trim() === '')
    return ok(type.includes('urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : {});
  try {
    const value: unknown = JSON.parse(text);
    return ok(typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {});
  } catch {
    return err(badJson(`unexpected token at '${text.slice(0, 20)}'`));
  }
}

/** The path below /api or /api/v2; absent where no route leads, other versions included. */
function apiPath(path: string, accept: string): string | undefined {
  const [, version, rest] = /^\/+api(?:\/v(\d+))?(\/.*)?$/.exec(path) ?? [];
  if (!/^\/+api(\/|$)/.test(path)) return undefined;
  const wanted = version ?? /version=(\d+)/.exec(accept)?.[1] ?? '2';
  return wanted === '2' ? (rest ?? '/') : undefined;
}

/** The place a parameter narrows the request to; unknown and foreign ones are not found. */
function placeAsked(
  kind: 'Organization' | 'Location',
  places: ReadonlyMap<number, Place>,
  mine: readonly number[] | 'all',
  asked: string | null,
): Result<Place | undefined, Answer> {
  if (asked === null || asked === '') return ok(undefined);
  const place = places.get(Number(asked));
  const allowed = mine === 'all' || withChildren(places, mine).has(Number(asked));
  return place !== undefined && allowed ? ok(place) : err(placeNotFound(kind, asked));
}

const contextHeader = (place: Place | undefined): string =>
  place === undefined ? '; ANY' : `${place.id}; ${place.name}`;

/** What comes after the login, in Foreman's order: permission, places, idle session, content type, action. */
function authorised(
  foreman: Foreman,
  found: FoundCall,
  login: Login,
  entry: LoggedRequest,
  body: Record<string, unknown>,
): Outcome {
  const { user } = login;
  const query = new URLSearchParams(entry.url.split('?').slice(1).join('?'));
  const context: CallContext = {
    foreman,
    user,
    permissions: permissionsOf(foreman, user),
    inPath: found.inPath,
    query,
    body,
    organizationId: undefined,
    locationId: undefined,
  };
  const needs = found.call.needs?.(context);
  if (needs !== undefined && !needs.some((permission) => may(context, permission)))
    return plainOutcome(accessDenied(needs));
  const text = (name: string): string | null => query.get(name) ?? (name in body ? String(body[name]) : null);
  const organization = placeAsked(
    'Organization',
    foreman.organizations,
    user.admin ? 'all' : user.organizationIds,
    text('organization_id'),
  );
  const location = placeAsked(
    'Location',
    foreman.locations,
    user.admin ? 'all' : user.locationIds,
    text('location_id'),
  );
  if (!organization.ok) return plainOutcome(organization.error);
  if (!location.ok) return plainOutcome(location.error);
  if (login.expired) return plainOutcome(sessionExpired());
  const headers: Headers = [
    ['Foreman_version', FOREMAN_VERSION],
    ['Foreman_api_version', '2'],
    ['Foreman_current_organization', contextHeader(organization.value)],
    ['Foreman_current_location', contextHeader(location.value)],
    [
      'Set-Cookie',
      `_session_id=${login.sessionId}; path=/${foreman.secureCookies ? '; secure' : ''}; HttpOnly`,
    ],
  ];
  const type = entry.headers['content-type'] ?? '';
  if (/^(POST|PUT)$/.test(entry.method) && !type.startsWith('application/json'))
    return { answer: unsupportedType(type), headers };
  const answer = found.call.answer({
    ...context,
    organizationId: organization.value?.id,
    locationId: location.value?.id,
  });
  return { answer, headers };
}

function foreignAnswer(foreman: Foreman): Answer | undefined {
  if (foreman.faults.has('REDIRECTED')) return { status: 302, text: '', location: '/users/login' };
  if (foreman.faults.has('HTML_BODY'))
    return {
      status: 200,
      text: '<!DOCTYPE html><html><head><title>Sign in</title></head></html>',
      contentType: 'text/html',
    };
  if (foreman.faults.has('MIGRATION_PENDING'))
    return { status: 503, body: { message: 'Please run pending migrations first' } };
  return undefined;
}

export interface ServerHandlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  plain(request: IncomingMessage, response: ServerResponse): void;
  malformed(error: NodeJS.ErrnoException, socket: Duplex): void;
}

/** The web server and the Rails application behind it. */
export function serverHandlers({ foreman, table, cuts, log }: ServerParts): ServerHandlers {
  const description = apiDescription(table);

  function documentation(path: string): Answer | undefined {
    if (/^\/+apidoc\/v2(\.en)?\.json$/.test(path)) return { status: 200, text: description.text };
    if (/^\/+apidoc\/apipie_checksum$/.test(path))
      return { status: 200, body: { checksum: description.checksum } };
    return undefined;
  }

  async function outcomeOf(request: IncomingMessage, entry: LoggedRequest): Promise<Outcome> {
    entry.body = await textOf(request);
    const foreign = foreignAnswer(foreman);
    if (foreign !== undefined) return plainOutcome(foreign);
    const docs = entry.method === 'GET' ? documentation(entry.path) : undefined;
    if (docs !== undefined) return plainOutcome(docs);
    const path = apiPath(entry.path, entry.headers.accept ?? '');
    const found = path === undefined ? undefined : findCall(table, entry.method, path);
    const body = parseBody(entry.headers['content-type'] ?? '', entry.body);
    if (!body.ok) return plainOutcome(body.error);
    if (found === undefined) return plainOutcome(noRoute());
    if (found.call.open) return plainOutcome(openAnswer(found));
    const login = authenticate(foreman, {
      headers: entry.headers,
      peer: request.socket.remoteAddress ?? '127.0.0.1',
    });
    if (!login.ok) return plainOutcome(login.error);
    return authorised(foreman, found, login.value, entry, body.value);
  }

  /** Open calls look at nobody, so they are answered as for a user without rights. */
  function openAnswer({ call, inPath }: FoundCall): Answer {
    const [user] = foreman.users.values();
    if (user === undefined) return noRoute();
    return call.answer({
      foreman,
      user,
      permissions: new Set(),
      inPath,
      query: new URLSearchParams(),
      body: {},
      organizationId: undefined,
      locationId: undefined,
    });
  }

  function write(response: ServerResponse, path: string, { answer, headers }: Outcome): void {
    const body = Buffer.from(answer.text ?? JSON.stringify(answer.body));
    const own = !foreman.faults.has('HTML_BODY') && /^\/+(api|apidoc)\//.test(path);
    const all: Headers = [
      ['Date', new Date(foreman.clock()).toUTCString()],
      ['Server', 'Apache'],
      ['X-Request-Id', foreman.random(16).toString('hex')],
      ...(own ? ([['Apipie-Checksum', description.checksum]] satisfies Headers) : []),
      ...headers,
      ...(answer.location === undefined ? [] : ([['Location', answer.location]] satisfies Headers)),
      ['Content-Type', `${answer.contentType ?? 'application/json'}; charset=utf-8`],
      ['Content-Length', String(body.length)],
    ];
    response.sendDate = false;
    response.writeHead(answer.status, all.flat());
    response.end(body);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = logged(request);
    log(entry);
    const cut = cuts.judge(entry.method, entry.url);
    if (cut?.when === 'before') return loseAnswer(request.socket, cut);
    const outcome = await outcomeOf(request, entry);
    entry.status = outcome.answer.status;
    if (cut?.when === 'after') return loseAnswer(request.socket, cut);
    write(response, entry.path, outcome);
    entry.reason = response.statusMessage;
  }

  return {
    request: (request, response) => {
      serve(request, response).catch((error: unknown) => {
        // a body cut off half way ends here; anything else is a bug of the double and is shown
        if (!request.destroyed || request.complete) process.stderr.write(`${String(error)}\n`);
        request.socket.destroy();
      });
    },
    upgrade: (_request, socket) => void socket.destroy(),
    plain: (request, response) => {
      request.resume();
      const location = `https://${request.headers.host ?? 'localhost'}${request.url ?? '/'}`;
      response.writeHead(301, 'Moved Permanently', {
        Location: location,
        Connection: 'close',
        Server: 'Apache',
      });
      response.end();
    },
    malformed: (error, socket) => {
      if (socket.writable && error.code !== 'ECONNRESET')
        socket.end('HTTP/1.1 400 Bad Request\r\nServer: Apache\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    },
  };
}
