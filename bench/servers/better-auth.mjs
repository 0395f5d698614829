// better-auth's API-key verification behind node:http, doing what the guard does: take the key from the header,
// verify it and its permission, answer with the owner. Keys are in its memory adapter, so it never waits for a disk,
// and its limit on requests per key is off.
import { createServer } from 'node:http';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';

const { port } = JSON.parse(process.argv[2]);

const tables = { user: [], session: [], account: [], verification: [], apikey: [] };
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'only-for-this-measurement-0123456789',
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});

const { user } = await auth.api.signUpEmail({
  body: { email: 'metrics@example.org', password: 'correct horse battery', name: 'metrics' },
});
const made = await auth.api.createApiKey({
  body: { userId: user.id, name: 'bench', permissions: { sasquatch: ['write'] } },
});

const BODY = '{"status":"ok"}';
const permissions = { sasquatch: ['write'] };

async function answer(request, response) {
  const key = (request.headers.authorization ?? '').slice('Bearer '.length);
  const verdict = await auth.api.verifyApiKey({ body: { key, permissions } });
  if (!verdict.valid) {
    response.writeHead(401, ['Content-Length', '0']);
    response.end();
    return;
  }
  response.writeHead(200, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(BODY.length),
    'X-Auth-Request-User',
    verdict.key.referenceId,
  ]);
  response.end(BODY);
}

createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
}).listen(port, '127.0.0.1', () => process.stdout.write(`is listening\nkey ${made.key}\n`));
