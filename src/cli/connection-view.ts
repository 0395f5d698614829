import type { Connection } from '../wire/connections.ts';
import type { TestReport } from '../wire/diagnosis.ts';
import type { Context } from './context.ts';
import { findingText, testText } from './test-view.ts';
import { moment } from './text.ts';

/** The trust of a stored connection in words. */
export function trustWordsOf({ trust }: Connection): string {
  if (trust.mode === 'pin') return `pinned certificate ${trust.fingerprint ?? ''}`;
  if (trust.mode === 'ca')
    return `authority ${(trust.authorities ?? []).map((each) => each.subject).join(' and ')}`;
  if (trust.mode === 'none') return `NOT CHECKED until ${moment(trust.until)}: ${trust.reason ?? ''}`;
  return "the server's own authorities";
}

export const credentialWords = ({ method, identity }: Connection): string =>
  method === null ? 'none' : identity ? `${method} of ${identity}` : method;

/** Prints a test made by the server; answers the exit code. */
export function showServerTest(connection: Connection, report: TestReport, context: Context): number {
  const about: (readonly [string, string])[] = [
    ['Connection', `${connection.name} (${connection.kind})`],
    ['Origin', connection.origin],
    ['Credential', credentialWords(connection)],
    ['Trust', trustWordsOf(connection)],
  ];
  context.out.show(report, () => testText(context, about, report));
  return report.exit_code;
}

/** Remarks of the server on what was just stored. */
export function remarkOn(connection: Connection, context: Context): void {
  if (connection.trust.warning !== null) context.out.remark(`Warning: ${connection.trust.warning}`);
}

export const warningTexts = (context: Context, findings: TestReport['findings']): string[] =>
  findings.map((finding) => findingText(context, finding));
