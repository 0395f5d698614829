import { findingsFrom, row } from '../finding.ts';
import { plainProduct } from '../reach/plain.ts';

export const PRODUCT = plainProduct('OSMO', 443);

export const find = findingsFrom({
  OSMO_NOT_OSMO: row('product', 'blocking', (a: { status: number }) => [
    `What answers is not OSMO (status ${a.status}).`,
    'Register the URL that osmo login is given.',
  ]),
  OSMO_TOKEN_REFUSED: row('authentication', 'blocking', (a: { said: string }) => [
    `OSMO refuses the token${a.said === '' ? '' : `: ${a.said}`}.`,
    'Make a new one: osmo token set NAME --expires-at YYYY-MM-DD',
  ]),
  OSMO_TOKEN_EXPIRED: row('authentication', 'blocking', (a: { said: string }) => [
    `The token has ended${a.said === '' ? '' : `: ${a.said}`}.`,
    'Make a new one: osmo token set NAME --expires-at YYYY-MM-DD (that day is the first on which it is dead)',
  ]),
  OSMO_NO_ROLES: row('rights', 'warning', (a: { token: string }) => [
    `The token ${a.token} holds no role of its own any more: its owner lost them.`,
    'Have the roles given back, and make a new token: returned roles do not reach an old one.',
  ]),
  OSMO_ROLES: row('rights', 'blocking', (a: { missing: readonly string[]; held: readonly string[] }) => [
    `The token lacks ${a.missing.join(', ')}; it has ${a.held.join(', ') || 'no role'}.`,
    `Make a new token with these roles: osmo token set NAME -r ${a.missing.join(' -r ')}`,
  ]),
  OSMO_FORBIDDEN: row('rights', 'blocking', (a: { said: string }) => [
    `The token may not do this${a.said === '' ? '' : `: ${a.said}`}.`,
    'Use a token whose roles allow it.',
  ]),
  OSMO_EXPIRY: row('format', 'blocking', (_: object) => [
    'A token of OSMO always ends, on a day after today (UTC).',
    'Give a date from tomorrow on.',
  ]),
  OSMO_TOKEN_NAME: row('format', 'blocking', (a: { name: string }) => [
    `"${a.name}" is no token name: a letter first, then letters, digits, _ and -.`,
    'For example: tessera-1',
  ]),
  OSMO_ODD: row('product', 'blocking', (a: { status: number; said: string }) => [
    `OSMO answered with status ${a.status}${a.said === '' ? '' : `: ${a.said}`}.`,
    'Look at the service and at whatever stands in front of it.',
  ]),
});
