import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followed, installInto } from '../docs/page.ts';
import { freePort } from '../support/free-port.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { blocksOf, findNginx, type Nginx, replaced, startNginx } from './nginx.ts';
import { ask, bearer } from './support.ts';

const program = findNginx();
const PAGE = 'docs/sasquatch.md';

interface Written {
  readonly path: string;
  readonly user: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

describe.skipIf(program === null)('the commands of docs/sasquatch.md', () => {
  let server: TestServer;
  let metrics: Server;
  let nginx: Nginx | undefined;
  let folder: string;
  let port: number;
  const written: Written[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    metrics = await metricsService(written);
    folder = await mkdtemp(join(tmpdir(), 'tessera-sasquatch-'));
    port = await freePort();
    await installInto(folder);
  });
  afterAll(async () => {
    await nginx?.stop();
    metrics.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a block of the page as it stands, but for the addresses. */
  async function run(block: string): Promise<string> {
    const script = block
      .replaceAll('http://127.0.0.1:8001', server.url)
      .replaceAll('http://127.0.0.1:8080', `http://127.0.0.1:${port}`)
      .replaceAll('http://127.0.0.1:9000', `http://127.0.0.1:${(metrics.address() as AddressInfo).port}`);
    return followed(script, folder, { TESSERA_URL: server.url, TESSERA_TOKEN: server.admin });
  }

  test('lead from nothing to metrics written through nginx, and to a token that is worth nothing', async () => {
    const blocks = await blocksOf(PAGE, 'sh');
    expect(blocks).toHaveLength(6);
    const [guard = '', admin = '', mint = '', write = '', look = '', revoke = ''] = blocks;

    await run(guard);
    const site = replaced(await readFile(join(folder, 'sasquatch.conf'), 'utf8'), {
      'listen 8080;': `listen 127.0.0.1:${port};`,
    });
    nginx = await startNginx(program ?? '', { 'site.conf': site }, port);

    await run(admin);
    await run(mint);
    const token = (await readFile(join(folder, 'metrics.token'), 'utf8')).trim();
    expect(token).toMatch(/^gt-[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}$/);

    await run(write);
    expect(written).toEqual([
      {
        path: '/sasquatch-rest-proxy/topics/lsst.example.flux',
        user: 'bot-metrics',
        authorization: undefined,
        body: { records: [{ value: { timestamp: 1767225600, band: 'r', flux: 1.5 } }] },
      },
    ]);

    expect(await run(look)).toContain('"write:sasquatch"');
    await run(revoke);
    const refused = await ask(
      `http://127.0.0.1:${port}/sasquatch-rest-proxy/topics/x`,
      [bearer(token), ['Content-Length', '2']],
      'POST',
      '{}',
    );
    expect([refused.status, refused.json.detail[0].type]).toEqual([401, 'invalid_token']);
    expect(written).toHaveLength(1);
  });
});

/** As much of a REST proxy as takes metrics and remembers who sent them. */
function metricsService(written: Written[]): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      written.push({
        path: request.url ?? '',
        user: request.headers['x-auth-request-user'] as string | undefined,
        authorization: request.headers.authorization,
        body: JSON.parse(text),
      });
      response.writeHead(200, { 'content-type': 'application/vnd.kafka.v2+json' });
      response.end('{"offsets":[{"partition":0,"offset":1}]}');
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
