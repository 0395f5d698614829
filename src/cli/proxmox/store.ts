import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TrustInput } from '../../wire/connection-trust.ts';
import type { CreateConnection } from '../../wire/connections.ts';
import type { Context } from '../context.ts';
import { unverifiedUntil } from '../trust-input.ts';
import type { Draft } from './draft.ts';
import type { Questions } from './questions.ts';

/** Offers to hand what was set up to the server as well, if somebody is logged in there. */
export async function offerToStore(draft: Draft, ask: Questions, context: Context): Promise<void> {
  const { url, token } = await context.target();
  if (token === null) return;
  if (!(await ask.yes(`Store it as a connection on ${url}, too?`, 'yes'))) return;
  const name = await ask.text('Name of the connection', draft.host.split(/[.:]/)[0] || 'proxmox');
  await storeConnection(name, draft, context);
}

/** Stores the draft as a connection; one of this name gets the new values. The server tests them once more. */
export async function storeConnection(name: string, draft: Draft, context: Context): Promise<void> {
  const tessera = await context.tessera();
  const request = await requestOf(name, draft, context);
  const { kind, ...change } = request;
  const known = await tessera.connections.list({ kind: 'proxmox' });
  const exists = known.items.some((connection) => connection.name === name);
  const saved = exists
    ? await tessera.connections.update(name, change)
    : await tessera.connections.create({ kind, ...change });
  if (!context.out.json) context.out.remark(`Stored on the server as connection ${saved.connection.name}.`);
}

async function requestOf(name: string, draft: Draft, context: Context): Promise<CreateConnection> {
  const byToken = draft.token !== '';
  return {
    name,
    kind: 'proxmox',
    url: `https://${/:\d+$/.test(draft.host) ? draft.host : `${draft.host}:8006`}`,
    trust: await trustFor(draft, context),
    credential: byToken
      ? { method: 'token', user: draft.user, name: draft.token, secret: draft.secret }
      : { method: 'password', user: draft.user, secret: draft.password },
  };
}

async function trustFor(draft: Draft, context: Context): Promise<TrustInput> {
  if (draft.pin !== '') return { mode: 'pin', fingerprint: draft.pin };
  if (draft.caFile !== '')
    return { mode: 'ca', ca: await readFile(resolve(draft.folder, draft.caFile), 'utf8') };
  if (draft.verify !== 'false') return { mode: 'system' };
  return {
    mode: 'none',
    reason: draft.noVerifyReason || 'PROXMOX_VERIFY_SSL=false',
    until: draft.noVerifyUntil || unverifiedUntil(context),
  };
}
