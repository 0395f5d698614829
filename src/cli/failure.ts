export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** A failure of the command line itself: one clear sentence, and what would help. */
export class CliError extends Error {
  readonly fix: string | undefined;
  readonly exitCode: number;

  constructor(message: string, fix?: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CliError';
    this.fix = fix;
    this.exitCode = exitCode;
  }
}

/** The command was written wrongly; nothing was tried. */
export const usageError = (message: string, fix?: string): CliError => new CliError(message, fix, EXIT.usage);
