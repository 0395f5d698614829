import { later } from '../support/later.ts';
import { type Answer, startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts';

export { foreman, pinned, proxmox, proxmoxAs, proxmoxAsPve, proxmoxTarget } from '../support/doubles.ts';
export { closeAll, later } from '../support/later.ts';

/** A server whose clock can be moved. */
export interface Bench extends TestServer {
  /** Seconds to add to the real time. */
  pass(seconds: number): void;
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>;
}

export async function bench(options: TestServerOptions = {}): Promise<Bench> {
  let offset = 0;
  const server = later(await startTestServer({ ...options, clock: () => Date.now() + offset * 1000 }));
  return {
    ...server,
    pass: (seconds) => {
      offset += seconds;
    },
    api: (method, path, body, token = server.admin) =>
      server.call(method, `/api/v1${path}`, { token, ...(body === undefined ? {} : { body }) }),
  };
}
