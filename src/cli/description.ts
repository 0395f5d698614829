import type { Context } from './context.ts';

/** What `--help` and completion show of a command; the command itself is loaded when it runs. */
export interface CommandDescription {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentDescription[];
  readonly options?: readonly OptionDescription[];
  /** Lines after the help: examples first. */
  readonly notes?: readonly string[];
  /** Its arguments are a program and what that is told: only behind `--`, so that options meant for it stay its own. */
  readonly runsProgram?: boolean;
  readonly commands?: readonly CommandDescription[];
  readonly load?: () => Promise<CommandModule>;
}

export interface ArgumentDescription {
  /** `<name>` or `[name]`, with dots when several: `<role...>`. */
  readonly form: string;
  readonly text: string;
  readonly choices?: readonly string[];
}

export interface OptionDescription {
  /** As in `-d, --description <text>`. */
  readonly flags: string;
  readonly text: string;
  readonly choices?: readonly string[];
  /** Several values, by repetition, one after the other or with commas between. */
  readonly list?: boolean;
  /** One value each time it is given. */
  readonly repeats?: boolean;
}

/** `run` takes the flags and arguments by their names in camel case. It fails by throwing; a number it
 * resolves with is the exit code. */
export interface CommandModule {
  run(options: never, context: Context): Promise<unknown>;
}

export const YES: OptionDescription = { flags: '-y, --yes', text: 'do not ask for confirmation' };
