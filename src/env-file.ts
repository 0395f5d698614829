import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ENV_FILE_NAME, internalActor } from './access/principal.ts';
import { type Clock, DAY, seconds } from './base/clock.ts';
import { ok, type Result } from './base/result.ts';
import type { Connections } from './connections/connections.ts';
import type { ConnectionRecord } from './connections/record.ts';
import { readHost } from './kinds/proxmox/host.ts';
import { envValues, readEnv } from './local/env/read.ts';
import { readSettingsFile } from './local/private-file.ts';
import { chooseCredential } from './local/proxmox/access.ts';
import { findSettings } from './local/proxmox/find-settings.ts';
import { trustOf } from './local/proxmox/trust.ts';
import { originUrl } from './outbound/origin.ts';
import type { Trust } from './outbound/trust.ts';

/** What `tessera proxmox setup` wrote into the folder in which a server is started. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of ours that the guide keeps in `.env`; everything else there is other programs' or a secret. */
const FOR_MACHINES = /^(UBUNTU_\d{4}_TEMPLATE_ID|PROXMOX_NODE)$/;

/** The environment with what `.env` adds to it; a variable of the environment goes before. */
export async function withEnvFile(folder: string, environment: Environment): Promise<Result<Environment>> {
  const bytes = await readSettingsFile(join(folder, '.env'));
  if (!bytes.ok) return bytes;
  const found = [...envValues(readEnv(bytes.value ?? Buffer.alloc(0)))].filter(([key]) =>
    FOR_MACHINES.test(key),
  );
  const told = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  return ok({ ...Object.fromEntries(found), ...Object.fromEntries(told) });
}

export interface Adopted {
  readonly name: string;
  readonly origin: string;
  /** How the other side proves itself, in words. */
  readonly trust: string;
}

interface Needs {
  readonly folder: string;
  readonly environment: Environment;
  readonly connections: Connections;
  readonly clock: Clock;
}

/** A wizard's file without an end for this is as old as its reader. */
const UNVERIFIED_DAYS = 90;

/**
 * The Proxmox VE of these settings as a connection: made where there is none to that address, brought up to date
 * where the file is newer than what was last taken from it. What a person has changed since is theirs. Nothing
 * is sent, so that a server starts while Proxmox VE is down. Null where the settings name no host.
 */
export async function adoptConnection(needs: Needs): Promise<Result<Adopted | null>> {
  const { folder, environment, connections, clock } = needs;
  const found = await findSettings({ folder, environment });
  if (!found.ok) return found;
  const settings = found.value;
  if (settings.host === '') return ok(null);
  const host = readHost(settings.host, settings.names.host);
  if (!host.ok) return host;
  const trust = await trustOf(settings, clock);
  if (!trust.ok) return trust;
  const chosen = chooseCredential(settings);
  if (!chosen.ok) return chosen;
  const actor = { ...internalActor, username: ENV_FILE_NAME, scopes: new Set(['admin:connections']) };
  const known = await connections.list(actor, { kind: 'proxmox' });
  if (!known.ok) return known;
  const origin = originUrl(host.value.origin);
  const present = known.value.find((record) => record.origin === origin);
  const now = seconds(clock);
  const told = trust.value.trust;
  const adopted = (name: string): Adopted => ({ name, origin, trust: shortTrust(told) });
  if (present !== undefined && !(await isOutdated(present, folder, now))) return ok(adopted(present.name));

  const { method, identity, secret } = chosen.value.credential;
  const values = {
    trust:
      told.mode === 'pin'
        ? ({ mode: 'pin', fingerprint: told.sha256 } as const)
        : told.mode === 'ca'
          ? ({ mode: 'ca', ca: told.pem } as const)
          : told.mode === 'none'
            ? ({
                mode: 'none',
                reason: told.reason,
                until: settings.noVerifyUntil === '' ? now + UNVERIFIED_DAYS * DAY : told.untilSeconds,
              } as const)
            : ({ mode: 'system' } as const),
    credential:
      method === 'token'
        ? ({ method: 'token', secret: `${identity}=${secret.reveal()}` } as const)
        : ({ method: 'password', user: identity, secret: secret.reveal() } as const),
    test: false,
  };
  const saved =
    present === undefined
      ? await connections.create(actor, {
          name: await freeName(host.value.origin.host),
          kind: 'proxmox',
          url: origin,
          ...values,
        })
      : await connections.change(actor, present.id, values);
  return saved.ok ? ok(adopted(saved.value.record.name)) : saved;

  /** As the wizard proposes it; another connection may be called so. */
  async function freeName(address: string): Promise<string> {
    const short = connectionNameOf(address);
    for (const name of [short, `${short}-env`]) if (!(await connections.get(actor, name)).ok) return name;
    return short;
  }
}

export const connectionNameOf = (host: string): string =>
  isIP(host) === 0 ? (host.split('.')[0] ?? host) : 'proxmox';

function shortTrust(trust: Trust): string {
  if (trust.mode === 'none') return `certificate NOT CHECKED: ${trust.reason}`;
  return trust.mode === 'pin' ? 'pinned certificate' : 'checked certificate';
}

/** Whether nobody but us has touched the connection, and the file has changed since. */
async function isOutdated(record: ConnectionRecord, folder: string, now: number): Promise<boolean> {
  if (record.updatedBy !== ENV_FILE_NAME) return false;
  if (record.trust.mode === 'none' && record.trust.untilSeconds <= now) return true;
  const written = await stat(join(folder, '.env')).catch(() => null);
  return written !== null && Math.floor(written.mtimeMs / 1000) >= record.updatedAt;
}
