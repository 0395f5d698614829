import type { Readable, Writable } from 'node:stream';
import type { CANCEL_SYMBOL } from '@clack/prompts';
import { CliError } from './failure.ts';

/** Questions to the person at the terminal. A question that is broken off rejects with CliError. */
export interface Prompter {
  /** With a preset an empty answer means it. */
  text(message: string, preset?: string): Promise<string>;
  /** What is typed is not shown. */
  hidden(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
}

/** Asks on standard error, so that standard output stays for the answer. */
export function terminalPrompter(input: Readable, output: Writable): Prompter {
  const common = { input, output };
  const load = () => import('@clack/prompts');
  const answered = <T>(answer: T | typeof CANCEL_SYMBOL): T => {
    if (typeof answer === 'symbol') throw new CliError('Broken off; nothing was changed.');
    return answer as T;
  };
  const filled = (value: string | undefined) => (value ? undefined : 'This cannot be empty.');
  return {
    text: async (message, preset) => {
      const { text } = await load();
      if (preset === undefined) return answered(await text({ message, validate: filled, ...common }));
      return answered(await text({ message, placeholder: preset, defaultValue: preset, ...common }));
    },
    hidden: async (message) =>
      answered(await (await load()).password({ message, validate: filled, ...common })),
    confirm: async (message) =>
      answered(await (await load()).confirm({ message, initialValue: false, ...common })),
  };
}
