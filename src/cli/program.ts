import { Argument, Command, type CommanderError, Option } from 'commander';
import { defined } from '../base/defined.ts';
import type { GlobalOptions } from './context.ts';
import type { CommandDescription, CommandModule, OptionDescription } from './description.ts';
import { usageError } from './failure.ts';
import type { Io } from './io.ts';

/** Runs a loaded command with its options. */
export type Dispatch = (
  module: CommandModule,
  options: Readonly<Record<string, unknown>>,
  global: GlobalOptions,
) => Promise<void>;

/** Help was shown because nothing was asked for. */
export class HelpShown extends Error {}

/** `argv` decides which commands are built whole: the hundred others are there by name only, for the help. */
export function buildProgram(
  argv: readonly string[],
  io: Io,
  commands: readonly CommandDescription[],
  dispatch: Dispatch,
): Command {
  const program = new Command('tessera');
  equip(program, io);
  program
    .description('Mints, holds, brokers and explains API tokens.')
    .option('--json', 'print JSON')
    .addOption(new Option('-t, --format-type <type>', 'how to print').choices(['text', 'json']))
    .option('--server <url>', 'which server, instead of TESSERA_URL or the last login')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', HELP_NOTES);
  const words = new Set(argv);
  for (const command of commands) program.addCommand(build(command, words, io, dispatch));
  return program;
}

const HELP_NOTES = `
Begin with:
  tessera serve                    start a server here
  tessera setup URL                make its first administrator
  tessera login URL                log in
  tessera token create NAME        make a token

Exit codes: 0 done, 1 failed, 2 wrong usage.`;

function build(
  description: CommandDescription,
  words: ReadonlySet<string>,
  io: Io,
  dispatch: Dispatch,
): Command {
  const command = new Command(description.name);
  command.description(description.summary);
  if (description.alias !== undefined) command.alias(description.alias);
  for (const { form, text, choices } of description.arguments ?? []) {
    const argument = new Argument(form, text);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  const { options = [] } = description;
  if (!words.has(description.name) && !(description.alias !== undefined && words.has(description.alias))) {
    // One is enough for the help of the command above to say `[options]`.
    for (const option of options.slice(0, 1)) command.addOption(buildOption(option));
    return command;
  }
  equip(command, io);
  command.helpOption('-h, --help', 'print this help');
  for (const option of options) command.addOption(buildOption(option));
  if (description.notes !== undefined) command.addHelpText('after', `\n${description.notes.join('\n')}`);
  for (const each of description.commands ?? []) command.addCommand(build(each, words, io, dispatch));
  const { load } = description;
  const isUnparted = description.runsProgram === true && !words.has('--');
  command.allowUnknownOption(isUnparted);
  if (load !== undefined)
    command.action(async () => {
      if (isUnparted) throw unparted(command);
      await dispatch(
        await load(),
        { ...command.opts(), ...namedArguments(command) },
        command.optsWithGlobals(),
      );
    });
  return command;
}

/** Commander would print and leave by itself; both are ours to do. */
function equip(command: Command, io: Io): void {
  command
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    })
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 })
    .showSuggestionAfterError(true)
    .exitOverride((error) => {
      throw translated(error, command);
    });
}

function translated(error: CommanderError, command: Command): Error {
  // Help that was asked for, and the version, end a run well.
  if (error.exitCode === 0) return new HelpShown();
  const path = pathOf(command);
  if (error.code === 'commander.help')
    return usageError(`'${path}' wants a command after it.`, `See: ${path} --help`);
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const near = suggestion?.match(/^\(Did you mean (.*)\?\)$/)?.[1];
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/\.?$/, '.');
  return usageError(sentence, near === undefined ? `See: ${path} --help` : `Did you mean ${near}?`);
}

function unparted(command: Command): Error {
  const path = pathOf(command);
  return usageError(
    `'${path}' wants -- in front of the program and its options.`,
    `Such as: ${path} --route ROUTE -- ${command.args[0]} ...`,
  );
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function buildOption(description: OptionDescription): Option {
  const option = new Option(description.flags, description.text);
  if (description.repeats)
    return option.argParser((value: string, before: string[] | undefined) =>
      [...(before ?? []), value].filter((part) => part !== ''),
    );
  if (description.list)
    return option.argParser((value: string, before: string[] | undefined) => [
      ...(before ?? []),
      ...value.split(',').filter((part) => part !== ''),
    ]);
  return description.choices === undefined ? option : option.choices(description.choices);
}

/** Positional arguments by name: `[token-id]` as `tokenId`. */
function namedArguments(command: Command): Record<string, unknown> {
  const entries = command.registeredArguments.map((argument, at) => [
    argument.name().replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    command.processedArgs[at],
  ]);
  return defined(Object.fromEntries(entries));
}
