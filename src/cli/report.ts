import { TesseraError } from '../client/index.ts';
import { CliError, EXIT } from './failure.ts';

export interface Report {
  readonly message: string;
  readonly fix: string | undefined;
  readonly exitCode: number;
}

/** What to do about refusals for which the server names no remedy of its own. */
const FIXES: Readonly<Record<string, string>> = {
  no_credential: 'Log in: tessera login',
  invalid_token: 'Log in again: tessera login',
  token_expired: 'Log in again, or with another token: tessera login',
  token_revoked: 'Log in again, or with another token: tessera login',
  owner_disabled: 'Ask an administrator: tessera user enable NAME',
  insufficient_scope: 'Ask an administrator for a role that has it; see yours with: tessera whoami',
  forbidden: 'See who you are and what you may do with: tessera whoami',
  unavailable: 'Try again in a moment.',
};

/** Any failure as the lines a person reads. What nobody foresaw is told without its trace. */
export function reportOf(failure: unknown): Report {
  if (failure instanceof CliError)
    return { message: failure.message, fix: failure.fix, exitCode: failure.exitCode };
  if (failure instanceof TesseraError)
    return { message: failure.message, fix: fixOf(failure), exitCode: exitOf(failure) };
  const message = failure instanceof Error ? failure.message : String(failure);
  return { message: `This should not have happened: ${message}`, fix: undefined, exitCode: EXIT.failed };
}

function fixOf(failure: TesseraError): string | undefined {
  if (failure.fix !== undefined) return failure.fix;
  if (failure.retryAfter !== undefined) return `Try again in ${failure.retryAfter} s.`;
  return FIXES[failure.code];
}

const exitOf = (failure: TesseraError): number =>
  failure.code === 'invalid_option' ? EXIT.usage : EXIT.failed;
