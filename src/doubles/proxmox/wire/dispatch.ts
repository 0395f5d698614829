import { err, ok, type Result } from '../../../base/result.ts';
import type { Call, Reply } from '../calls/call.ts';
import { findCall } from '../calls/table.ts';
import type { Caller } from '../identity/credentials.ts';
import { died, forbidden, notImplemented, type Refusal } from '../refusal.ts';
import { judge } from '../rights/rules.ts';
import { checkParameters, type RawParameters } from '../schema.ts';
import { type Cluster, takeFailure } from '../state.ts';
import { mergeParameters } from './parameters.ts';

export interface ApiRequest {
  readonly method: string;
  /** Decoded, below the format: `/nodes/pve/qemu`. */
  readonly path: string;
  readonly query: RawParameters;
  readonly body: RawParameters;
  readonly caller: Caller;
  /** A token stood in the headers, whether or not it was looked at. */
  readonly tokenPresented: boolean;
  /** The header by which a node asks another not to pass a call on. */
  readonly proxyingDisabled: boolean;
}

export interface Dispatched {
  readonly outcome: Result<Reply, Refusal>;
  readonly viaDaemon: boolean;
}

/** The node a call is for; or why it cannot be reached from the one that answers. */
function route(cluster: Cluster, request: ApiRequest, named: string | undefined): Result<string, Refusal> {
  if (named === undefined || named === 'localhost' || named === cluster.answeringNode)
    return ok(cluster.answeringNode);
  const node = cluster.nodes.get(named);
  if (node === undefined)
    return died(
      `hostname lookup '${named}' failed - failed to get address info for: ${named}: Name or service not known`,
    );
  if (request.proxyingDisabled) return died('proxy loop detected');
  if (!node.online) return err({ status: 595, message: 'No route to host', bare: true });
  if (cluster.faults.has('NODE_CERT') && named === 'pve')
    return err({
      status: 596,
      message:
        cluster.edition.major === 7
          ? 'tls_process_server_certificate: certificate verify failed'
          : 'error:0A000086:SSL routines::certificate verify failed',
      bare: true,
    });
  return ok(named);
}

function run(cluster: Cluster, request: ApiRequest, call: Call, raw: RawParameters): Result<Reply, Refusal> {
  const lookup = (name: string): string | undefined => {
    const value = raw.get(name);
    return value === undefined || value === null || typeof value === 'object' ? undefined : String(value);
  };
  if (call.closedToTokens && request.tokenPresented)
    return forbidden(`URI '${request.path}' not available with API token, need proper ticket.\n`);
  const allowed = judge(cluster, request.caller, call.rule, lookup);
  if (!allowed.ok) return allowed;
  const node = route(cluster, request, lookup('node'));
  if (!node.ok) return node;
  const parameters = checkParameters(call.parameters, raw);
  if (!parameters.ok) return parameters;
  const writes = request.method !== 'GET' && call.path !== '/access/ticket';
  if (writes && cluster.faults.has('NO_QUORUM')) return died('cluster not ready - no quorum?');
  const ordered = call.step === undefined ? undefined : takeFailure(cluster, call.step);
  if (ordered !== undefined) return died(ordered);
  return call.answer({
    cluster,
    caller: request.caller,
    parameters: parameters.value,
    node: node.value,
  });
}

/** From an authenticated request to its outcome: find, allow, route, check, answer, in Proxmox's order. */
export function dispatch(cluster: Cluster, table: readonly Call[], request: ApiRequest): Dispatched {
  const found = findCall(table, request.method, request.path);
  if (found === undefined)
    return {
      outcome: notImplemented(`Method '${request.method} ${request.path}' not implemented`),
      viaDaemon: false,
    };
  const viaDaemon = found.call.viaDaemon ?? false;
  const merged = mergeParameters(found.inPath, request.query, request.body);
  if (!merged.ok) return { outcome: merged, viaDaemon: false };
  return { outcome: run(cluster, request, found.call, merged.value), viaDaemon };
}
