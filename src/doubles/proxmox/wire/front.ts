import type { IncomingMessage } from 'node:http';
import { err, ok, type Result } from '../../../base/result.ts';
import type { LoggedRequest } from '../../request-log.ts';
import type { Call } from '../calls/call.ts';
import { authenticate, type Caller, NOBODY, presented } from '../identity/credentials.ts';
import { died, notImplemented, type Refusal } from '../refusal.ts';
import { need } from '../rights/rules.ts';
import { type Cluster, now } from '../state.ts';
import { type ApiFormat, type Outgoing, refusalAnswer, successAnswer } from './answer.ts';
import { readBody, UPLOAD_PATH } from './body.ts';
import { dispatch } from './dispatch.ts';
import { parseForm } from './parameters.ts';

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);
const OPEN_CALLS = new Set([
  'GET /access/domains',
  'GET /access/ticket',
  'POST /access/ticket',
  'POST /access/openid/auth-url',
  'POST /access/openid/login',
]);

/** The path below `/api2`, taken apart; the whole of it was decoded before. */
interface ApiPath {
  readonly format: string;
  readonly path: string;
}

function apiPath(decoded: string): ApiPath | undefined {
  const [, format, path] = /^\/+api2(?:\/+([^/]*))?(\/.*)?$/.exec(decoded) ?? [];
  return decoded.match(/^\/+api2(\/|$)/) === null ? undefined : { format: format ?? '', path: path ?? '/' };
}

function decodedPath(url: string): string {
  const path = url.split('?')[0] ?? url;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What somebody else would answer in Proxmox's place. */
function foreignAnswer(cluster: Cluster, path: ApiPath | undefined): Outgoing | undefined {
  if (cluster.faults.has('PROXY_BAD'))
    return {
      status: 502,
      reason: 'Bad Gateway',
      contentType: 'text/html',
      body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx/1.24.0</center></body>\r\n</html>\r\n',
    };
  if (!cluster.faults.has('PRODUCT_WRONG')) return undefined;
  if (path?.path === '/access/domains')
    return {
      status: 404,
      reason: 'Not Found',
      contentType: 'text/plain',
      body: "Path '/api2/json/access/domains' not found.",
    };
  return {
    status: 401,
    reason: 'Unauthorized',
    contentType: 'text/plain',
    body: 'authentication failed - invalid credentials',
  };
}

function fileAnswer(cluster: Cluster, method: string, path: string): Outgoing {
  if (path === '/' && method === 'GET')
    return {
      status: 200,
      reason: 'OK',
      contentType: 'text/html; charset=UTF-8',
      body: '<!DOCTYPE html><html><head><title>pve - Proxmox Virtual Environment</title></head></html>',
    };
  const refusal: Refusal = {
    status: cluster.edition.noFileStatus,
    message: `no such file '${path}'`,
    plainText: true,
  };
  return refusalAnswer(cluster.edition, 'json', refusal, false);
}

function identify(
  cluster: Cluster,
  method: string,
  path: string,
  entry: LoggedRequest,
): Result<Caller, Refusal> {
  if (OPEN_CALLS.has(`${method} ${path.replace(/\/+$/, '')}`)) return ok(NOBODY);
  const upload = method === 'POST' && UPLOAD_PATH.test(path);
  return authenticate(cluster, { method, headers: entry.headers, upload });
}

/** An upload's right is looked at before its body is read: there may be gigabytes of it. */
function checkUpload(cluster: Cluster, method: string, path: string, caller: Caller): Result<true, Refusal> {
  const storage = UPLOAD_PATH.exec(path)?.[1];
  return method === 'POST' && storage !== undefined
    ? need(cluster, caller, `/storage/${storage}`, 'Datastore.AllocateTemplate')
    : ok(true);
}

function formatFault(format: string, path: string): Refusal | undefined {
  if (format === '') return { status: 501, message: 'no such uri', plainText: true };
  if (format === 'json' || format === 'extjs') return undefined;
  return { status: 501, message: `no formatter for uri ${path}, ${format}`, plainText: true };
}

async function apiAnswer(
  cluster: Cluster,
  table: readonly Call[],
  request: IncomingMessage,
  entry: LoggedRequest,
  at: ApiPath,
): Promise<Outgoing> {
  const { method } = entry;
  const format: ApiFormat = at.format === 'extjs' ? 'extjs' : 'json';
  const refuse = (refusal: Refusal): Outgoing => refusalAnswer(cluster.edition, format, refusal, false);
  const caller = identify(cluster, method, at.path, entry);
  if (!caller.ok) return refuse(caller.error);
  const mayUpload = checkUpload(cluster, method, at.path, caller.value);
  if (!mayUpload.ok) return refuse(mayUpload.error);
  const body = await readBody(cluster.edition, request, at.path);
  if (!body.ok) return refuse(body.error);
  entry.body = body.value.text;
  const wrongFormat = formatFault(at.format, at.path);
  if (wrongFormat !== undefined) return refuse(wrongFormat);
  const query = parseForm(
    cluster.edition,
    entry.url.includes('?') ? entry.url.slice(entry.url.indexOf('?') + 1) : '',
  );
  const { outcome, viaDaemon } = dispatch(cluster, table, {
    method,
    path: cluster.faults.has('PATH_DOUBLED') ? `/api2/json${at.path}` : at.path,
    query,
    body: body.value.parameters,
    caller: caller.value,
    tokenPresented: !cluster.faults.has('AUTH_STRIPPED') && presented(entry.headers).kind === 'token',
    proxyingDisabled: entry.headers.pvedisableproxy !== undefined,
  });
  return outcome.ok
    ? successAnswer(format, outcome.value, viaDaemon)
    : refusalAnswer(cluster.edition, format, outcome.error, viaDaemon && outcome.error.bare !== true);
}

/** From a request to what goes on the wire, in the order in which Proxmox's public front looks at it. */
export async function frontAnswer(
  cluster: Cluster,
  table: readonly Call[],
  request: IncomingMessage,
  entry: LoggedRequest,
): Promise<Outgoing> {
  const { method } = entry;
  const path = decodedPath(entry.url);
  const at = apiPath(path);
  const foreign = foreignAnswer(cluster, at);
  if (foreign !== undefined) return foreign;
  const plain = (message: string): Outgoing => {
    const refusal = notImplemented(message).error;
    return refusalAnswer(cluster.edition, 'json', { ...refusal, plainText: true }, false);
  };
  if (!METHODS.has(method)) return plain(`method '${method}' not available`);
  if (/chunked/i.test(entry.headers['transfer-encoding'] ?? ''))
    return plain('chunked transfer encoding not supported');
  return at === undefined ? fileAnswer(cluster, method, path) : apiAnswer(cluster, table, request, entry, at);
}

/** A console's upgrade request: who asks, and for which guest; the ticket is checked by the caller of this. */
export function identifyForConsole(cluster: Cluster, entry: LoggedRequest): Result<ConsoleRequest, Refusal> {
  const at = apiPath(decodedPath(entry.url));
  const [, node, vmid] = /^\/nodes\/([^/]+)\/qemu\/(\d+)\/vncwebsocket\/?$/.exec(at?.path ?? '') ?? [];
  const caller = identify(cluster, 'GET', at?.path ?? '', entry);
  if (!caller.ok) return caller;
  if (node === undefined || vmid === undefined)
    return notImplemented(`Method 'GET ${at?.path ?? entry.path}' not implemented`);
  if (!cluster.nodes.has(node)) return died(`hostname lookup '${node}' failed at ${now(cluster)}`);
  const query = parseForm(cluster.edition, entry.url.split('?')[1] ?? '');
  const port = Number(query.get('port') ?? Number.NaN);
  const ticket = query.get('vncticket');
  if (!Number.isInteger(port) || typeof ticket !== 'string')
    return err({ status: 400, message: 'Parameter verification failed.' });
  return ok({ caller: caller.value, path: `/vms/${vmid}`, port, ticket });
}

export interface ConsoleRequest {
  readonly caller: Caller;
  readonly path: string;
  readonly port: number;
  readonly ticket: string;
}
