import type { Readable } from 'node:stream';
import { Secret } from '../base/secret.ts';
import type { Context } from './context.ts';
import { CliError, usageError } from './failure.ts';
import { readNamedFile } from './files.ts';

export interface SecretSource {
  /** What it is, for questions and errors: `password`, `token`. */
  readonly what: string;
  readonly file?: string | undefined;
  readonly stdin?: boolean | undefined;
  /** The question to ask when neither is given; absent: it must be given. */
  readonly ask?: string | undefined;
  /** Asked twice and compared, because nobody sees what is typed. */
  readonly twice?: boolean | undefined;
  /** How to give it without a terminal. */
  readonly flags: string;
}

/** A secret from a file, standard input or a hidden question, in this order; never from an argument. */
export async function readSecret(context: Context, source: SecretSource): Promise<Secret> {
  const { what, file, stdin } = source;
  if (file !== undefined && stdin)
    throw usageError(`The ${what} is given twice: by file and by standard input.`, 'Give it one way.');
  if (file !== undefined)
    return checked(await readNamedFile(file, context.io.home, what), what, `The file is ${file}.`);
  // With a person at the other end of standard input, typing must not be shown.
  if (stdin && !context.io.inputIsTerminal)
    return checked(await readAll(context.io.stdin), what, 'Standard input brought nothing.');
  if (context.ask === null)
    throw usageError(`There is no terminal to ask for the ${what} on.`, `Give it with ${source.flags}.`);
  const answer = await context.ask.hidden(source.ask ?? `${capital(what)}?`);
  if (source.twice && answer !== (await context.ask.hidden('The same again?')))
    throw new CliError(`The two ${what}s differ.`, 'Try again.');
  return checked(answer, what, 'Nothing was typed.');
}

/** A token has no white space at its ends, but files and pastes do. */
export const trimmed = (secret: Secret): Secret => new Secret(secret.reveal().trim());

function checked(text: string, what: string, origin: string): Secret {
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw new CliError(`The ${what} is empty.`, origin);
  return new Secret(value);
}

async function readAll(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
