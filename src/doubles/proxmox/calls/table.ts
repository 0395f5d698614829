import { PATH_FIELDS } from '../formats.ts';
import type { Field, Shape } from '../schema.ts';
import type { Cluster } from '../state.ts';
import { loginCalls } from './access-login.ts';
import { roleCalls } from './access-roles.ts';
import { tokenCalls } from './access-tokens.ts';
import { userCalls } from './access-users.ts';
import type { Call } from './call.ts';
import { clusterCalls } from './cluster.ts';
import { consoleCalls } from './console.ts';
import { guestAgentCalls } from './guest-agent.ts';
import { guestCloneCalls } from './guest-clone.ts';
import { guestConfigCalls } from './guest-config.ts';
import { guestPowerCalls } from './guest-power.ts';
import { guestReadCalls } from './guest-read.ts';
import { type NodeCertificates, nodeCalls } from './nodes.ts';
import { poolCalls } from './pools.ts';
import { storageCalls } from './storage.ts';
import { taskCalls } from './tasks.ts';

export interface FoundCall {
  readonly call: Call;
  /** Values of the named parts of the path. */
  readonly inPath: ReadonlyMap<string, string>;
}

/** Every call this release answers. */
export function callTable(cluster: Cluster, certificates: NodeCertificates): readonly Call[] {
  return [
    ...loginCalls(cluster),
    ...userCalls(cluster),
    ...tokenCalls(cluster),
    ...roleCalls(cluster),
    ...clusterCalls(cluster),
    ...nodeCalls(cluster, certificates),
    ...taskCalls(),
    ...storageCalls(),
    ...poolCalls(),
    ...guestReadCalls(),
    ...guestConfigCalls(cluster),
    ...guestCloneCalls(),
    ...guestPowerCalls(),
    ...guestAgentCalls(cluster),
    ...consoleCalls(),
  ].map(withPathFields);
}

const partName = (part: string): string | undefined => /^\{(\w+)\}$/.exec(part)?.[1];

/** Parts of the path are parameters like any other. */
function withPathFields(call: Call): Call {
  const fields: Record<string, Field> = {};
  for (const part of call.path.split('/')) {
    const name = partName(part);
    const field = name === undefined ? undefined : PATH_FIELDS[name];
    if (name !== undefined && field !== undefined) fields[name] = field;
  }
  const parameters: Shape = { ...call.parameters, fields: { ...call.parameters.fields, ...fields } };
  return { ...call, parameters };
}

/** Finds the call for a decoded path; a trailing slash and doubled ones do not matter. */
export function findCall(table: readonly Call[], method: string, path: string): FoundCall | undefined {
  const given = path.split('/').filter(Boolean);
  for (const call of table) {
    if (call.method !== method) continue;
    const parts = call.path.split('/').filter(Boolean);
    if (parts.length !== given.length) continue;
    const inPath = new Map<string, string>();
    const fits = parts.every((part, index) => {
      const name = partName(part);
      const value = given[index] ?? '';
      if (name === undefined) return part === value;
      inPath.set(name, value);
      return true;
    });
    if (fits) return { call, inPath };
  }
  return undefined;
}
