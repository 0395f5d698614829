import type { ForemanDouble } from '../../src/doubles/foreman/double.ts';
import { type Seen, type Visit, visit } from './client.ts';

export type Session = (path: string, options?: Visit) => Promise<Seen>;

export const basic = (login: string, secret: string): string =>
  `Basic ${Buffer.from(`${login}:${secret}`).toString('base64')}`;

/** Calls below /api/v2 with a login and its password or token. */
export const as =
  (double: ForemanDouble, login: string, secret: string): Session =>
  (path, options = {}) =>
    visit(double, `/api/v2${path}`, {
      ...options,
      headers: { Authorization: basic(login, secret), ...options.headers },
    });
