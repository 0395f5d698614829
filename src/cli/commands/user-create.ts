import type { Context } from '../context.ts';
import { readSecret } from '../secret-input.ts';

export interface Options {
  readonly username: string;
  readonly name?: string;
  readonly email?: string;
  readonly roles?: string[];
  readonly passwordFile?: string;
  readonly passwordStdin?: boolean;
  readonly withoutPassword?: boolean;
}

export async function run(options: Options, context: Context): Promise<void> {
  const { username, name, email, roles } = options;
  const tessera = await context.tessera();
  const password = await passwordFor(options, context);
  const user = await tessera.users.create({ username, name, email, roles, password });
  context.out.done(
    user,
    `Created ${user.kind} '${username}'${password === undefined ? ', who cannot sign in by name' : ''}.`,
  );
}

/** Asked for where somebody can answer; bots have none. */
async function passwordFor(options: Options, context: Context): Promise<string | undefined> {
  const { username, passwordFile: file, passwordStdin: stdin, withoutPassword } = options;
  const given = file !== undefined || stdin === true;
  if (withoutPassword || (!given && (context.ask === null || username.startsWith('bot-')))) return undefined;
  const password = await readSecret(context, {
    what: 'password',
    file,
    stdin,
    ask: `Password for ${username} (at least 10 characters)?`,
    twice: true,
    flags: '--password-file FILE or --password-stdin',
  });
  return password.reveal();
}
