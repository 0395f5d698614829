import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';

/** One TCP connection that is kept: with several workers behind a port, all its requests reach the same one. */
export interface Connection {
  /** The port on our side, once something was asked. */
  localPort(): number;
  ask(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer>;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export function connectTo(port: number): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let socket: Socket | null = null;
  return {
    localPort: () => socket?.localPort ?? 0,
    ask: (method, path, headers = {}, body = '') =>
      new Promise((resolve, reject) => {
        const sent = request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        });
        sent.on('socket', (used) => {
          if (socket !== null && socket !== used) reject(new Error('The connection was not kept.'));
          socket = used;
          used.setNoDelay(true);
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Asks with `width` connections at a time until the work runs out. Resolves when all is answered. */
export async function inParallel(
  port: number,
  width: number,
  next: () => ((connection: Connection) => Promise<unknown>) | null,
): Promise<void> {
  const worker = async (): Promise<void> => {
    const connection = connectTo(port);
    try {
      for (let work = next(); work !== null; work = next()) await work(connection);
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
