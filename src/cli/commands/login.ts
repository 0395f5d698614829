import { Secret } from '../../base/secret.ts';
import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import { keepSession } from '../keep-session.ts';
import { addressFor } from '../login-address.ts';
import { readSecret, trimmed } from '../secret-input.ts';

export interface Options {
  readonly url?: string;
  readonly method?: 'password' | 'token';
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tokenStdin?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const withToken = [options.token, options.tokenFile, options.tokenStdin].some((each) => each !== undefined);
  const method = options.method ?? (withToken ? 'token' : 'password');
  if (method === 'password' && withToken)
    throw usageError('A token is given, but the method is password.', 'Use --method=token.');
  const url = await addressFor(context, options.url);
  await (method === 'token' ? byToken : byPassword)(options, context, url);
}

async function byPassword(options: Options, context: Context, url: string): Promise<void> {
  const username = options.username ?? (await askName(context));
  const password = await readSecret(context, {
    what: 'password',
    file: options.passwordFile,
    stdin: options.passwordStdin,
    ask: `Password of ${username}?`,
    flags: '--password-file FILE or --password-stdin',
  });
  const tessera = await context.open(url);
  const session = await tessera.session.signIn({
    username,
    password: password.reveal(),
    delivery: 'token',
  });
  await keepSession(context, url, session);
}

/** The token is tried before it is remembered. */
async function byToken(options: Options, context: Context, url: string): Promise<void> {
  const token = await givenToken(options, context);
  const me = await (await context.open(url, token)).me();
  const kind = me.token?.type === 'session' ? 'session' : 'token';
  const expiresAt = me.token?.expires_at ?? null;
  await context.profiles.remember(url, { username: me.username, kind, token, expiresAt });
  const name = me.token?.name ?? null;
  context.out.done(
    { url, username: me.username, expires_at: expiresAt, token_name: name },
    `Logged in to ${url} as ${me.username}${name === null ? '' : ` with the token '${name}'`}.`,
  );
}

async function givenToken(options: Options, context: Context): Promise<Secret> {
  const { token, tokenFile: file, tokenStdin: stdin } = options;
  if (token === undefined)
    return trimmed(
      await readSecret(context, {
        what: 'token',
        file,
        stdin,
        flags: '--token-file FILE or --token-stdin',
      }),
    );
  if (file !== undefined || stdin) throw usageError('The token is given twice.', 'Give it one way.');
  context.out.remark(
    'warning: a token on the command line stays in the shell history and shows in the process list; use --token-file.',
  );
  return trimmed(new Secret(token));
}

function askName(context: Context): Promise<string> {
  if (context.ask === null)
    throw usageError(
      'There is no terminal to ask for the user name on.',
      'Give --username NAME and --password-stdin, or --method=token and --token-file FILE.',
    );
  return context.ask.text('User name?');
}
