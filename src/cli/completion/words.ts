import type { CommandDescription } from '../description.ts';

/** What may follow the words typed so far. */
export interface Step {
  /** Command words so far, `user role`; empty at the beginning. */
  readonly path: string;
  /** Commands, or the choices of the argument, with what they mean. */
  readonly words: readonly Word[];
  readonly options: readonly Word[];
}

export interface Word {
  readonly word: string;
  readonly text: string;
}

const EVERYWHERE: readonly Word[] = [
  { word: '--json', text: 'print JSON' },
  { word: '--format-type', text: 'how to print' },
  { word: '--server', text: 'which server' },
  { word: '--help', text: 'print help' },
];

/** Every point of the command tree, aliases included. */
export function steps(commands: readonly CommandDescription[]): Step[] {
  return walk('', commands, EVERYWHERE);
}

function walk(path: string, commands: readonly CommandDescription[], options: readonly Word[]): Step[] {
  const words = commands.flatMap((command) =>
    namesOf(command).map((word) => ({ word, text: command.summary })),
  );
  const below = commands.flatMap((command) => namesOf(command).flatMap((name) => enter(path, name, command)));
  return [{ path, words, options }, ...below];
}

function enter(path: string, name: string, command: CommandDescription): Step[] {
  const here = path === '' ? name : `${path} ${name}`;
  const options = [
    ...(command.options ?? []).flatMap(({ flags, text }) =>
      [...flags.matchAll(/--[a-z-]+/g)].map(([word]) => ({ word, text })),
    ),
    ...EVERYWHERE,
  ];
  if (command.commands !== undefined) return walk(here, command.commands, options);
  const choices = command.arguments?.[0]?.choices ?? [];
  return [{ path: here, words: choices.map((word) => ({ word, text: '' })), options }];
}

const namesOf = (command: CommandDescription): string[] =>
  command.alias === undefined ? [command.name] : [command.name, command.alias];
