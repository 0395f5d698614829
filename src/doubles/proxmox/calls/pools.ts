import { poolFormat } from '../formats.ts';
import { died } from '../refusal.ts';
import { holdsAny } from '../rights/acl.ts';
import { ANYONE, holder } from '../rights/rules.ts';
import { NO_PARAMETERS, optional, required, textOf } from '../schema.ts';
import { type Answer, type Call, type CallContext, reply } from './call.ts';

function list({ cluster, caller }: CallContext): Answer {
  const seen = (name: string): boolean =>
    caller.id === 'root@pam' ||
    holdsAny(cluster, caller.id, `/pool/${name}`, ['Pool.Allocate', 'Pool.Audit']);
  return reply(
    [...cluster.pools]
      .filter(([name]) => seen(name))
      .map(([poolid, { comment }]) => ({ poolid, ...(comment === '' ? {} : { comment }) })),
  );
}

function read({ cluster, parameters }: CallContext): Answer {
  const poolid = textOf(parameters, 'poolid') ?? '';
  const pool = cluster.pools.get(poolid);
  if (pool === undefined) return died(`pool '${poolid}' does not exist`);
  const guests = [...cluster.guests.values()].filter((guest) => guest.pool === poolid);
  return reply({
    comment: pool.comment,
    members: [
      ...guests.map(({ vmid, kind, node }) => ({ id: `${kind}/${vmid}`, type: kind, vmid, node })),
      ...[...pool.storages].map((storage) => ({ id: `storage/${storage}`, type: 'storage', storage })),
    ],
  });
}

function create({ cluster, parameters }: CallContext): Answer {
  const poolid = textOf(parameters, 'poolid') ?? '';
  if (cluster.pools.has(poolid)) return died(`create pool failed: pool '${poolid}' already exists`);
  cluster.pools.set(poolid, { comment: textOf(parameters, 'comment') ?? '', storages: new Set() });
  return reply(null);
}

function remove({ cluster, parameters }: CallContext): Answer {
  const poolid = textOf(parameters, 'poolid') ?? '';
  const pool = cluster.pools.get(poolid);
  if (pool === undefined) return died(`delete pool failed: pool '${poolid}' does not exist`);
  if (pool.storages.size > 0 || [...cluster.guests.values()].some((guest) => guest.pool === poolid))
    return died(`delete pool failed: pool '${poolid}' is not empty`);
  cluster.pools.delete(poolid);
  return reply(null);
}

export function poolCalls(): Call[] {
  return [
    { method: 'GET', path: '/pools', rule: ANYONE, parameters: NO_PARAMETERS, answer: list },
    {
      method: 'GET',
      path: '/pools/{poolid}',
      rule: holder('/pool/{poolid}', 'Pool.Audit'),
      parameters: NO_PARAMETERS,
      answer: read,
    },
    {
      method: 'POST',
      path: '/pools',
      rule: holder('/pool/{poolid}', 'Pool.Allocate'),
      viaDaemon: true,
      parameters: {
        fields: { poolid: required('string', { format: poolFormat }), comment: optional('string') },
      },
      answer: create,
    },
    {
      method: 'DELETE',
      path: '/pools/{poolid}',
      rule: holder('/pool/{poolid}', 'Pool.Allocate'),
      viaDaemon: true,
      parameters: NO_PARAMETERS,
      answer: remove,
    },
  ];
}
