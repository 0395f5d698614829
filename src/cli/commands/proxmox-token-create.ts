import { ending } from '../../local/mask.ts';
import { PROXMOX_TASKS } from '../../local/proxmox/rights.ts';
import { credentialChanges, refuseEnvFile, saveEnv } from '../../local/proxmox/save.ts';
import { makeToken, withToken } from '../../local/proxmox/tokens.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { failureOf, orFail } from '../local-failure.ts';
import { type ExpiryOptions, expiryOf } from '../moments.ts';
import { type AdminOptions, adminLogin } from '../proxmox/admin.ts';
import { expirySeconds } from '../proxmox/expiry.ts';
import { envFileOf, refuseBoth, type SourceOptions, settingsOf } from '../proxmox/source.ts';
import { makeOnServer } from '../proxmox/token-on-server.ts';
import { waiting } from '../waiting.ts';

export interface Options extends SourceOptions, AdminOptions, ExpiryOptions {
  readonly user?: string;
  readonly name?: string;
  readonly for?: string;
  readonly storage?: string;
  readonly bridge?: string;
  readonly pool?: string;
  readonly save?: boolean;
  readonly storeAs?: string;
}

const DEFAULT_NAME = 'api';

/** User, role, separated token and grants in one go; the secret is printed once, or kept in `.env` with --save. */
export async function run(options: Options, context: Context): Promise<void> {
  const task = options.for ?? 'clone-vm';
  if (PROXMOX_TASKS[task] === undefined)
    throw usageError(
      `There is no task '${task}'.`,
      `Choose one of: ${Object.keys(PROXMOX_TASKS).join(', ')}`,
    );
  refuseBoth(options);
  if (options.connection !== undefined) return onServer(options.connection, task, options, context);
  if (options.storeAs !== undefined)
    throw usageError(
      '--store-as stores on the server.',
      'Add --connection NAME: it says where Proxmox VE is.',
    );
  const settings = await settingsOf(options, context);
  const file = envFileOf(options, context);
  if (options.save) {
    const refused = await refuseEnvFile(file);
    if (refused !== null) throw failureOf(refused);
  }
  const expiresAt = expirySeconds(expiryOf(options), context.io.clock());
  const { clock, env } = context.io;
  const admin = await adminLogin(options, 'root@pam', context);
  const { user, storage, bridge, pool, node } = options;
  const objects = {
    ...(storage === undefined ? {} : { storage }),
    ...(bridge === undefined ? {} : { bridge }),
    ...(pool === undefined ? {} : { pool }),
    ...(node === undefined ? {} : { node }),
  };
  const wish = {
    name: options.name ?? DEFAULT_NAME,
    task,
    expect: objects,
    ...(user === undefined ? {} : { user }),
    ...(expiresAt === null ? {} : { expiresAt }),
  };
  const work = makeToken({ settings, clock, environment: env }, admin, wish);
  const { value: made, close } = orFail(await waiting(context, `Making a token on ${settings.host}`, work));
  const { identity, secret } = made.credential;
  if (options.save) {
    const saved = await saveEnv(file, {
      ...credentialChanges(withToken(settings, made.credential)),
      PROXMOX_HOST: settings.host,
    });
    // A token that nobody holds must not stay.
    if (!saved.ok) {
      await made.undo();
      close();
      throw failureOf(saved.error);
    }
  }
  close();
  const facts = { token_id: identity, expires_at: isoOrNull(made.expiresAt), done: made.done };
  if (options.save)
    context.out.done(
      { ...facts, saved: file },
      `Saved to ${file}: ${identity}, secret ends in ${ending(secret.reveal())}`,
    );
  else context.out.secret(`${identity}=${secret.reveal()}`, { ...facts, secret: secret.reveal() });
  if (context.out.json) return;
  for (const step of made.done) context.out.remark(`Made: ${step}`);
  if (!options.save)
    context.out.remark('Keep it now: it is shown this one time. The administrator login is forgotten.');
}

const isoOrNull = (atSeconds: number | null): string | null =>
  atSeconds === null ? null : new Date(atSeconds * 1000).toISOString();

async function onServer(name: string, task: string, options: Options, context: Context): Promise<void> {
  const expiry = expirySeconds(expiryOf(options), context.io.clock());
  const { user, storage, bridge, pool, node } = options;
  const wish = {
    name: options.name ?? DEFAULT_NAME,
    user,
    task,
    expires_at: isoOrNull(expiry),
    expect: { storage, bridge, pool, node },
  };
  await makeOnServer(name, wish, options, context);
}
