import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { later } from '../support/later.ts';
import { type Running, tessera } from '../support/process.ts';
import { PASSWORD } from '../support/server.ts';

/** A data folder and a port for the program, and how to speak with it there. All of it goes with `closeAll`. */
export interface Place {
  readonly folder: string;
  port: number;
  /** Starts the program with these words. */
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Running;
  /** Starts the server here. */
  serve(environment?: Readonly<Record<string, string>>, ...more: string[]): Running;
  call(path: string, token?: string, body?: unknown, method?: string): Promise<Response>;
  /** Connections are dealt out among workers, so each question needs one of its own. */
  onNewConnection(
    path: string,
    token?: string,
    patienceMs?: number,
  ): Promise<{ status: number; text: string }>;
  /** Process ids of the workers, as the metrics of all of them together tell. */
  workers(patienceMs?: number): Promise<Set<string>>;
  /** Gives the session token of the first administrator. */
  firstAdministrator(server: Running): Promise<string>;
}

export async function newPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-start-'));
  const running: Running[] = [];
  later({
    async close() {
      for (const one of running) one.child.kill('SIGKILL');
      await Promise.all(running.map((one) => one.finished));
      await rm(folder, { recursive: true, force: true });
    },
  });

  const place: Place = {
    folder,
    port: await freePort(),

    start(words, environment) {
      const started = tessera(words, environment);
      running.push(started);
      return started;
    },

    serve: (environment = {}, ...more) =>
      place.start(['serve', '--data-dir', folder, '--port', String(place.port), ...more], {
        TESSERA_LOG_LEVEL: 'warn',
        ...environment,
      }),

    call: (path, token, body, method = body === undefined ? 'GET' : 'POST') =>
      fetch(`http://127.0.0.1:${place.port}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),

    onNewConnection: (path, token, patienceMs = 5_000) =>
      new Promise((resolve, reject) => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const request = get(
          { host: '127.0.0.1', port: place.port, path, headers, agent: false, timeout: patienceMs },
          (response) => {
            let text = '';
            response.on('data', (chunk) => {
              text += chunk;
            });
            response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
            response.on('error', reject);
          },
        );
        request.on('timeout', () => request.destroy(new Error('no answer')));
        request.on('error', reject);
      }),

    async workers(patienceMs) {
      const { text } = await place.onNewConnection('/metrics', undefined, patienceMs);
      return new Set([...text.matchAll(/tessera_process_info\{pid="(\d+)"/g)].map(([, pid = '']) => pid));
    },

    async firstAdministrator(server) {
      const said = await server.says(/tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/);
      const secret = /tsr-[0-9A-Za-z]{22}-[0-9A-Za-z]{28}/.exec(said)?.[0];
      const made = await place.call('/api/v1/setup', secret, { username: 'admin', password: PASSWORD });
      expect(made.status).toBe(201);
      return ((await made.json()) as { token: string }).token;
    },
  };
  return place;
}
