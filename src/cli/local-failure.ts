import type { Result } from '../base/result.ts';
import { isFinding, type Problem } from '../local/problem.ts';
import { CliError, EXIT } from './failure.ts';

/** What a room of this machine answered, or its refusal as a failure of the command. */
export function orFail<T>(result: Result<T, Problem>): T {
  if (result.ok) return result.value;
  throw failureOf(result.error);
}

export function failureOf(problem: Problem): CliError {
  if (isFinding(problem)) return new CliError(`${problem.sentence} [${problem.code}]`, problem.fix);
  const exit = problem.code === 'invalid_request' ? EXIT.usage : EXIT.failed;
  const sentence = /[.!?]$/.test(problem.message) ? problem.message : `${problem.message}.`;
  return new CliError(sentence, problem.fix === undefined ? undefined : capital(problem.fix), exit);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
