import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { type ConfigChoice, foremanConfig, foremanTrust } from '../foreman/config.ts';
import { type LoginOptions, loginOnce } from '../foreman/login.ts';
import { type VerifySsl, verifySslOnly } from '../foreman/verify-ssl.ts';
import { expiryOf } from '../moments.ts';
import { expirySeconds } from '../proxmox/expiry.ts';
import { moment } from '../text.ts';

export interface Options extends ConfigChoice, LoginOptions {
  readonly user?: string;
  readonly name?: string;
  readonly expires?: string;
  readonly forUser?: string;
  readonly url?: string;
  readonly verifySsl?: VerifySsl;
  readonly ca?: string;
  readonly storeAs?: string;
  readonly store?: boolean;
}

/** Makes a token with a name and a password used once; `login:token` is printed unless it is stored. */
export async function run(options: Options, context: Context): Promise<void> {
  const { user, name, expires, forUser, url, storeAs, store } = options;
  if (user === undefined) throw usageError('Who logs in for it?', 'Add --user LOGIN');
  if (name === undefined) throw usageError('The name is missing.', 'Add --name NAME');
  if (store && (storeAs !== undefined || url !== undefined))
    throw usageError(
      '--store puts the token into the configuration it was made through.',
      'Use --store-as NAME instead.',
    );
  const expiry =
    expires === undefined
      ? null
      : expiryOf(/^\d+[smhd]$/.test(expires) ? { expiresIn: expires } : { expiresAt: expires });
  const end = expirySeconds(expiry, context.io.clock());
  const place = await placeOf(options, context);
  const admin = await loginOnce(user, options, context);
  const made = await place.tessera.connections.makeCredential({
    ...place.where,
    admin,
    wish: {
      name,
      expires_at: end === null ? null : new Date(end * 1000).toISOString(),
      ...(forUser === undefined ? {} : { user: forUser }),
    },
    ...(storeAs === undefined ? {} : { store_as: storeAs }),
    ...(store && place.id !== null ? { store_in: place.id } : {}),
  });
  if (made.secret === null)
    context.out.done(made, `Stored as ${made.connection?.name ?? ''}: token ${name} of ${made.identity}`);
  else context.out.secret(`${made.identity}:${made.secret}`, made);
  if (context.out.json) return;
  context.out.remark(`Ends: ${moment(made.expires_at)}. The password is forgotten.`);
  if (made.secret !== null) context.out.remark('Keep it now: it is shown this one time.');
}

async function placeOf(options: Options, context: Context) {
  const { url } = options;
  if (url === undefined) {
    const { tessera, config } = await foremanConfig(options, context);
    return { tessera, id: config.id, where: { connection: config.id } };
  }
  const trust = await foremanTrust(
    options.ca === undefined ? (verifySslOnly(options.verifySsl) ?? true) : null,
    options.ca,
    context,
  );
  const tessera = await context.tessera();
  return {
    tessera,
    id: null,
    where: { kind: 'foreman' as const, url, ...(trust === null ? {} : { trust }) },
  };
}
