import { type Connection, inParallel } from '../lib/connection.ts';
import { perSecond } from '../lib/numbers.ts';
import type { ServerProcess } from '../lib/processes.ts';
import type { Measurement } from '../lib/result.ts';
import { mintServiceToken, newFolder, SCOPE, serve, setUp } from '../lib/tessera.ts';

const CONNECTIONS = 16;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** How many tokens are made, and how many traded for a JWT, in a second. For information. */
export const rates: Measurement = async (scale) => {
  const server = await serve(await newFolder());
  const admin = await setUp(server);
  const { token } = await mintServiceToken(server, admin);

  const minting = JSON.stringify({ username: 'bot-minted', scopes: [SCOPE] });
  const mints = await rate(server, scale.rateSeconds, 201, (connection) =>
    connection.ask(
      'POST',
      '/api/v1/service-tokens',
      { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      minting,
    ),
  );
  const form = new URLSearchParams({
    grant_type: EXCHANGE,
    subject_token: token,
    subject_token_type: ACCESS_TOKEN,
  }).toString();
  const exchanges = await rate(server, scale.rateSeconds, 200, (connection) =>
    connection.ask('POST', '/oauth/token', { 'content-type': 'application/x-www-form-urlencoded' }, form),
  );
  await server.stop();
  return [
    {
      what: 'tokens minted, each on disk with its audit row when acknowledged (SQLite)',
      target: null,
      measured: perSecond(mints),
      met: null,
      notes: `${CONNECTIONS} connections`,
    },
    {
      what: 'tokens exchanged for an access JWT',
      target: null,
      measured: perSecond(exchanges),
      met: null,
      notes: `${CONNECTIONS} connections`,
    },
  ];
};

async function rate(
  server: ServerProcess,
  seconds: number,
  expected: number,
  ask: (connection: Connection) => Promise<{ status: number; text: string }>,
): Promise<number> {
  const run = async (forSeconds: number): Promise<number> => {
    const startedAt = performance.now();
    const end = startedAt + forSeconds * 1000;
    let answered = 0;
    await inParallel(server.port, CONNECTIONS, () => {
      if (performance.now() >= end) return null;
      return async (connection) => {
        const { status, text } = await ask(connection);
        if (status !== expected) throw new Error(`${status} instead of ${expected}: ${text}`);
        answered++;
      };
    });
    return answered / ((performance.now() - startedAt) / 1000);
  };
  await run(seconds / 2);
  return run(seconds);
}
