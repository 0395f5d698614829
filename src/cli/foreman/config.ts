import type { Tessera } from '../../client/index.ts';
import type { TrustInput } from '../../wire/connection-trust.ts';
import type { Connection, CredentialInput } from '../../wire/connections.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';
import { readNamedFile } from '../files.ts';
import { readSecret, trimmed } from '../secret-input.ts';
import { unverifiedUntil } from '../trust-input.ts';

/** A configuration is a connection to Foreman. */
export interface ConfigChoice {
  readonly configId?: string;
  /** Another spelling of the same. */
  readonly id?: string;
}

/** The one that is named by id or name, or the first there is. */
export async function foremanConfig(
  choice: ConfigChoice,
  context: Context,
): Promise<{ readonly tessera: Tessera; readonly config: Connection }> {
  const tessera = await context.tessera();
  const wanted = choice.configId ?? choice.id;
  if (wanted === undefined) {
    const { items } = await tessera.connections.list({ kind: 'foreman' });
    const [first] = items;
    if (first === undefined)
      throw new CliError('There is no Foreman configuration.', 'Make one: tessera foreman create --help');
    return { tessera, config: first };
  }
  const config = await tessera.connections.get(wanted);
  if (config.kind !== 'foreman')
    throw new CliError(
      `${config.name} leads to ${config.kind}, not to Foreman.`,
      'See: tessera foreman list',
    );
  return { tessera, config };
}

export interface TokenOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tokenStdin?: boolean;
  readonly username?: string;
}

/** The token as it was given, and the login with it or in front of it; null where nothing was said. */
export async function foremanCredential(
  options: TokenOptions,
  context: Context,
): Promise<CredentialInput | null> {
  const { token, tokenFile: file, tokenStdin: stdin, username } = options;
  if ([token, file, stdin].filter((each) => each !== undefined).length > 1)
    throw usageError(
      'The token is given more than once.',
      'Use one of --token, --token-file and --token-stdin.',
    );
  const user = username?.trim();
  const login = user === undefined || user === '' ? {} : { user };
  if (token !== undefined) return { method: 'basic', ...login, secret: token.trim() };
  if (file === undefined && !stdin) return null;
  const secret = trimmed(
    await readSecret(context, { what: 'token', file, stdin, flags: '--token-file FILE' }),
  );
  return { method: 'basic', ...login, secret: secret.reveal() };
}

/** What verification means for one configuration, and never for the whole program. */
export async function foremanTrust(
  verify: boolean | null,
  ca: string | undefined,
  context: Context,
): Promise<TrustInput | null> {
  if (ca !== undefined && verify === false)
    throw usageError(
      'An authority is given and verification is switched off.',
      'Give one of --ca and --no-verify-ssl.',
    );
  if (ca !== undefined) return { mode: 'ca', ca: await readNamedFile(ca, context.io.home, 'authority') };
  if (verify === null) return null;
  if (verify) return { mode: 'system' };
  const until = unverifiedUntil(context);
  context.out.remark(
    `Warning: the certificate is not checked until ${until}; whoever stands in\nbetween can read the token. Better: --ca FILE with the authority of Foreman.`,
  );
  return { mode: 'none', reason: '--no-verify-ssl', until };
}

/** Only the server knows what a token looks like; what it remarks is shown here. */
export function remarkArgument(options: TokenOptions, context: Context): void {
  if (options.token === undefined || context.out.json) return;
  context.out.remark(
    'Note: a token among the arguments stays in the shell history; with\n--token-stdin it does not.',
  );
}
