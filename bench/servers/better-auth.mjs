// better-auth's API-key verification behind node:http, doing what the guard does: take the key from the header,
// verify it and its permission, answer with the owner. Its limit on requests per key is off. Keys are in a SQLite
// file, in write-ahead mode and without waiting for the disk at each write, or in its memory adapter.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { apiKey } from '@better-auth/api-key';
import { NodeSqliteDialect } from '@better-auth/kysely-adapter/node-sqlite-dialect';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { getMigrations } from 'better-auth/db/migration';

const { port, folder } = JSON.parse(process.argv[2]);

async function sqlite() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const builtIn = major > 22 || (major === 22 && minor >= 13);
  const { DatabaseSync } = await import(builtIn ? 'node:sqlite' : '@photostructure/sqlite');
  const database = new DatabaseSync(join(folder, 'better-auth.sqlite'));
  database.exec('pragma journal_mode = wal; pragma synchronous = normal;');
  return { dialect: new NodeSqliteDialect({ database }), type: 'sqlite' };
}

const memory = () => memoryAdapter({ user: [], session: [], account: [], verification: [], apikey: [] });

const options = {
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'only-for-this-measurement-0123456789',
  database: folder === null ? memory() : await sqlite(),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
};
if (folder !== null) await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);

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
