import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAM } from '../support/process.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** The `sh` blocks of the pages, run in order by bash as a reader would, each page in a folder of its own. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'docs/guard.md', 'docs/tokens.md', 'docs/operations.md'];

const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');

async function bash(script: string, folder: string, environment: Record<string, string>) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

describe.each(PAGES)('the commands of %s', (page) => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    server = await startTestServer();
    folder = await mkdtemp(join(tmpdir(), 'tessera-docs-'));
    await writeFile(join(folder, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
      mode: 0o755,
    });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('do what the page says', async () => {
    const text = await readFile(join(ROOT, page), 'utf8');
    const blocks = blocksOf(text, 'sh');
    expect(blocks.length).toBeGreaterThan(0);
    const script = blocks.join('\n').replaceAll('http://127.0.0.1:8001', server.url);
    const { code, output } = await bash(script, folder, {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      TESSERA_URL: server.url,
      TESSERA_TOKEN: server.admin,
    });
    expect(code, output).toBe(0);
  });
});

test('the program of docs/tokens.md works with the package as others import it', async () => {
  const server = await startTestServer();
  const text = await readFile(join(ROOT, 'docs/tokens.md'), 'utf8');
  const [program = ''] = blocksOf(text, 'js');
  const source = program.replaceAll('http://127.0.0.1:8001', server.url);
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', TESSERA_TOKEN: server.admin },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  expect(code, output).toBe(0);
  const audit = await server.call('GET', '/api/v1/audit?action=token.revoked', { token: server.admin });
  expect(audit.json.items[0].detail.name).toBe('from-a-script');
  await server.close();
});

test('every link to a file of ours leads somewhere', async () => {
  const pages = [
    'README.md',
    ...(await readdir(join(ROOT, 'docs')))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const missing: string[] = [];
  for (const page of pages) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const path = join(ROOT, dirname(page), target);
      await readFile(path).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EISDIR') missing.push(`${page}: ${target}`);
      });
    }
  }
  expect(missing).toEqual([]);
});

test('the settings page names every setting, and no other', async () => {
  const { settingNames } = await import('../../src/config/settings.ts');
  const page = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const table = new Set(page.match(/TESSERA_[A-Z_]+/g));
  expect([...table].sort()).toEqual([...settingNames].sort());
});
