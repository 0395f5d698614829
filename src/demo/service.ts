import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service without any protection of its own: takes lines and counts them. */
export async function startService(): Promise<{ url: string; close(): Promise<void> }> {
  let lines = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.method === 'POST') lines += 1;
      response.setHeader('content-type', 'application/json');
      response.end(`${JSON.stringify({ topic: 'metrics', lines })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
