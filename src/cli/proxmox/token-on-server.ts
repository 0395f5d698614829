import type { MakeCredential } from '../../wire/upstream-credentials.ts';
import type { Context } from '../context.ts';
import type { AdminOptions } from './admin.ts';
import { adminInput, onServer } from './on-server.ts';

export interface MakeOptions extends AdminOptions {
  readonly storeAs?: string;
  readonly save?: boolean;
}

/** Lets the server make a token where a connection leads; stored there, it is not shown. */
export async function makeOnServer(
  name: string,
  wish: MakeCredential['wish'],
  options: MakeOptions,
  context: Context,
): Promise<void> {
  const { tessera, connection } = await onServer(name, context);
  const admin = await adminInput(options, 'root@pam', context);
  const { storeAs, save } = options;
  const made = await tessera.connections.makeCredential({
    connection: connection.id,
    admin,
    wish,
    ...(storeAs === undefined ? {} : { store_as: storeAs }),
    ...(save && storeAs === undefined ? { store_in: connection.id } : {}),
  });
  if (made.secret === null)
    context.out.done(made, `Stored on the server as ${made.connection?.name ?? name}: ${made.identity}`);
  else context.out.secret(`${made.identity}=${made.secret}`, made);
  if (!context.out.json) for (const step of made.done) context.out.remark(`Made: ${step}`);
}

/** A new secret for a stored connection; it never leaves the server. */
export async function rotateOnServer(
  name: string,
  options: AdminOptions & { readonly self?: boolean },
  context: Context,
): Promise<number> {
  const { tessera, connection } = await onServer(name, context);
  const owner = (connection.identity ?? '').split('!')[0] || 'root@pam';
  const admin = options.self ? {} : { admin: await adminInput(options, owner, context) };
  const rotated = await tessera.connections.rotate(connection.id, admin);
  context.out.done(
    rotated,
    `${rotated.connection.name} has a new secret (version ${rotated.connection.credential_version}).`,
  );
  for (const warning of rotated.warnings)
    if (!context.out.json) context.out.remark(`${warning.sentence} ${warning.fix}`);
  return rotated.warnings.length === 0 ? 0 : 1;
}

export async function revokeOnServer(
  name: string,
  options: AdminOptions & { readonly self?: boolean },
  context: Context,
): Promise<void> {
  const { tessera, connection } = await onServer(name, context);
  const owner = (connection.identity ?? '').split('!')[0] || 'root@pam';
  const admin = options.self ? {} : { admin: await adminInput(options, owner, context) };
  const ended = await tessera.connections.revokeCredential(connection.id, admin);
  context.out.done(
    ended,
    `Revoked ${connection.identity ?? ''}; ${connection.name} holds no credential now.`,
  );
}
