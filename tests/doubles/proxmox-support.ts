import type { ProxmoxDouble, ProxmoxDoubleOptions } from '../../src/doubles/proxmox/double.ts';
import { startProxmoxDouble } from '../../src/doubles/proxmox/double.ts';
import type { PasswordLogin, TokenCredential } from '../../src/doubles/proxmox/seed.ts';
import { type Seen, type Visit, visit } from './client.ts';

/** A double whose delays are short enough for tests. */
export const startQuick = (options: ProxmoxDoubleOptions = {}): Promise<ProxmoxDouble> =>
  startProxmoxDouble({ delayScale: 0.001, cloneMs: 20, taskMs: 5, bootMs: 0, ...options });

export type Session = (path: string, options?: Visit) => Promise<Seen>;

/** Calls below /api2/json with a token. */
export const asToken =
  (double: ProxmoxDouble, token: Pick<TokenCredential, 'full'>): Session =>
  (path, options = {}) =>
    visit(double, `/api2/json${path}`, {
      ...options,
      headers: { Authorization: `PVEAPIToken=${token.full}`, ...options.headers },
    });

export const login = (double: ProxmoxDouble, who: PasswordLogin): Promise<Seen> =>
  visit(double, '/api2/json/access/ticket', { form: { username: who.user, password: who.password } });

/** Calls below /api2/json with a ticket and its CSRF token. */
export async function asUser(double: ProxmoxDouble, who: PasswordLogin): Promise<Session> {
  const { data } = (await login(double, who)).body;
  return (path, options = {}) =>
    visit(double, `/api2/json${path}`, {
      ...options,
      headers: {
        Cookie: `PVEAuthCookie=${encodeURIComponent(data.ticket)}`,
        CSRFPreventionToken: data.CSRFPreventionToken,
        ...options.headers,
      },
    });
}

/** Asks for the task's status until it has stopped; gives its exit status. */
export async function settled(session: Session, upid: string): Promise<string> {
  const node = upid.split(':')[1];
  for (;;) {
    const { body } = await session(`/nodes/${node}/tasks/${encodeURIComponent(upid)}/status`);
    if (body?.data?.status === 'stopped') return body.data.exitstatus;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts a task by a call that must succeed, and waits for its end. */
export async function finished(session: Session, path: string, options: Visit): Promise<string> {
  const started = await session(path, options);
  if (started.status !== 200) throw new Error(`${path}: ${started.status} ${started.reason}`);
  return settled(session, started.body.data);
}
