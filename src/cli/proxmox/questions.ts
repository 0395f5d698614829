import type { Context } from '../context.ts';
import { usageError } from '../failure.ts';
import type { Prompter } from '../prompts.ts';
import { folded } from '../test-view.ts';

/** The questions of the wizard. Menus take the number, as the guide shows them. */
export interface Questions {
  /** The answer without blanks at its ends; with a preset, Enter means it. */
  text(message: string, preset?: string): Promise<string>;
  /** Not shown, and not trimmed: a blank may belong to a password. */
  hidden(message: string): Promise<string>;
  /** `yes` or `y`; anything else is no. */
  yes(message: string, preset?: 'yes' | 'no'): Promise<boolean>;
  /** Number of the choice, counted from 0. */
  choose(message: string, choices: readonly string[], preset?: number): Promise<number>;
  /** A paragraph for the person, within the line. */
  say(text: string): void;
}

export function questionsOf(context: Context): Questions {
  const ask = terminalOf(context);
  const { out, io } = context;
  const text: Questions['text'] = async (message, preset) => {
    const answer = (await ask.text(message, preset)).trim();
    return answer === '' ? (preset ?? '') : answer;
  };
  const say = (paragraph: string) =>
    out.remark(
      paragraph
        .split('\n')
        .map((line) => {
          const indent = /^ */.exec(line)?.[0] ?? '';
          return folded(
            indent,
            indent.length + (indent === '' ? 0 : 3),
            line.slice(indent.length),
            io.columns,
          );
        })
        .join('\n'),
    );
  return {
    text,
    say,
    hidden: (message) => ask.hidden(message),
    yes: async (message, preset) => /^y(es)?$/i.test(await text(`${message} (yes/no)`, preset)),
    async choose(message, choices, preset) {
      for (;;) {
        say(`${message}\n${choices.map((choice, at) => `  ${at + 1}. ${choice}`).join('\n')}`);
        const answer = await text(
          `Number, 1 to ${choices.length}`,
          preset === undefined ? undefined : `${preset + 1}`,
        );
        const number = /^\d{1,3}$/.test(answer) ? Number(answer) : 0;
        if (number >= 1 && number <= choices.length) return number - 1;
        say('Please type one of the numbers.');
      }
    },
  };
}

function terminalOf({ ask }: Context): Prompter {
  if (ask !== null) return ask;
  throw usageError(
    'There is no terminal to ask on.',
    'Add --non-interactive, and give the answers as flags.',
  );
}
