import { openContext, type Shell } from './context.ts';
import { COMMANDS } from './descriptions/commands.ts';
import { EXIT } from './failure.ts';
import type { Io } from './io.ts';
import { buildProgram, HelpShown } from './program.ts';

/** One run of the command line: arguments without the program's own, in; exit code out. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.done;
  const words = withVersion(argv);
  const program = buildProgram(words, io, COMMANDS, async (module, options, global) => {
    const outcome = await module.run(options as never, openContext(io, global, completion));
    if (typeof outcome === 'number') exitCode = outcome;
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (failure) {
    if (failure instanceof HelpShown) return EXIT.done;
    const { reportOf } = await import('./report.ts');
    const report = reportOf(failure);
    io.stderr.write(`error: ${clean(report.message)}\n`);
    if (report.fix !== undefined) io.stderr.write(`${clean(report.fix)}\n`);
    return report.exitCode;
  }
}

/** `--version` is ours in front of a command only: behind one it may be an option of that command. */
function withVersion(argv: readonly string[]): string[] {
  const word = argv.findIndex((each) => !each.startsWith('-'));
  const before = word < 0 ? argv.length : word;
  return argv.map((each, at) => (at < before && (each === '--version' || each === '-V') ? 'version' : each));
}

/** Messages come from servers too: nothing in them may steer the terminal, line breaks aside. */
const clean = (text: string): string => text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd');

async function completion(shell: Shell): Promise<string> {
  const { completionScript } = await import('./completion/script.ts');
  return completionScript(shell, COMMANDS);
}
