import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startForemanDouble } from '../../src/doubles/foreman/double.ts';
import { startTestServer } from '../support/server.ts';
import { commandsOf, followed } from './page.ts';

const PAGE = fileURLToPath(new URL('../../docs/dialects.md', import.meta.url));

test('the commands of docs/dialects.md make a Foreman configuration, test it and list its hosts', async () => {
  const server = await startTestServer();
  const foreman = await startForemanDouble();
  const folder = await mkdtemp(join(tmpdir(), 'tessera-docs-'));
  const { login, token } = foreman.credentials.inventoryToken;
  const script = commandsOf(await readFile(PAGE, 'utf8'))
    .replaceAll('http://127.0.0.1:8001', server.url)
    .replaceAll('https://foreman.example', foreman.url)
    .replaceAll('login:secret', `${login}:${token}`)
    .replaceAll('"verify_ssl":true', `"fingerprint":"${foreman.fingerprint}"`);
  const output = await followed(script, folder, { TESSERA_TOKEN: server.admin });
  expect(output).toContain('"status":"success"');
  expect(output).toMatch(/"results":\[\{.*"total":/);
  expect(output).not.toContain(token);
  await Promise.all([server.close(), foreman.close()]);
  await rm(folder, { recursive: true });
});
