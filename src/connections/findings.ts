import { findingsFrom, row } from '../kinds/finding.ts';

/** What this room itself has to say, beside what the kinds find. */
const ROWS = {
  NO_CREDENTIAL: row('format', 'blocking', (a: { name: string }) => [
    `No credential is stored for ${a.name}.`,
    `tessera connection update ${quoted(a.name)}: give it a token or a password.`,
  ]),
  NOT_SENT_AGAIN: row(
    'authentication',
    'blocking',
    (a: { what: string; since: string; said: string; retry: string }) => [
      `The ${a.what} was refused on ${a.since} and was not sent again: repeating it could lock the account. ${a.said}`,
      a.retry,
    ],
  ),
  FELL_BACK: row('authentication', 'warning', (a: { identity: string; refused: string }) => [
    `The credential of ${a.refused} was refused; the password of ${a.identity} was used in its place.`,
    'Put the credential right: the fallback is meant for the time in between.',
  ]),
  TEST_TOO_LONG: row('product', 'blocking', (a: { seconds: number }) => [
    `The test was given up after ${a.seconds} s: answers come too slowly.`,
    'Ask again; if it stays, look at the service and at whatever stands in front of it.',
  ]),
};

export const find = findingsFrom(ROWS);

/** A name as it may be pasted into a shell. */
const quoted = (name: string): string =>
  /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
