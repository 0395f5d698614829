import type { Context } from '../context.ts';
import { CliError, usageError } from '../failure.ts';
import { keepSession } from '../keep-session.ts';
import { addressFor } from '../login-address.ts';
import { readSecret, trimmed } from '../secret-input.ts';

export interface Options {
  readonly url?: string;
  readonly secretFile?: string;
  readonly secretStdin?: boolean;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  if (options.secretStdin && options.passwordStdin)
    throw usageError('Standard input can bring one secret only.', 'Give the other one with its --...-file.');
  const url = await addressFor(context, options.url);
  const tessera = await context.open(url);
  if (!(await tessera.setup.state()).open)
    throw new CliError(`${url} has an administrator already.`, `Log in: tessera login ${url}`);

  const secret = await readSecret(context, {
    what: 'bootstrap secret',
    file: options.secretFile,
    stdin: options.secretStdin,
    ask: 'Bootstrap secret (the server printed it when it first started)?',
    flags: '--secret-file FILE or --secret-stdin',
  });
  const username = options.username ?? (await askName(context));
  const password = await readSecret(context, {
    what: 'password',
    file: options.passwordFile,
    stdin: options.passwordStdin,
    ask: `Password for ${username} (at least 10 characters)?`,
    twice: true,
    flags: '--password-file FILE or --password-stdin',
  });
  const session = await tessera.setup.firstAdministrator(trimmed(secret).reveal(), {
    username,
    password: password.reveal(),
  });
  await keepSession(context, url, session);
  if (!context.out.json) context.out.remark('Make a token next: tessera token create NAME');
}

function askName(context: Context): Promise<string> {
  if (context.ask === null)
    throw usageError('There is no terminal to ask for the user name on.', 'Give it with --username NAME.');
  return context.ask.text('User name of the administrator?');
}
