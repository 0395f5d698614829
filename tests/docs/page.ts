import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { PROGRAM } from '../support/process.ts';

/** The commands of a page that stand in blocks for a shell. */
export const commandsOf = (text: string): string =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('\n');

/** Programs that start the built one, as an installed `tessera` and as `npx tessera`. */
export async function installInto(folder: string): Promise<void> {
  const program = `exec "${process.execPath}" "${PROGRAM}" "$@"\n`;
  await writeFile(join(folder, 'tessera'), `#!/bin/sh\n${program}`, { mode: 0o755 });
  await writeFile(join(folder, 'npx'), `#!/bin/sh\nshift\n${program}`, { mode: 0o755 });
}

/** Runs a script of bash in a folder, whose programs go before others; it has to end well. Gives what it printed. */
export async function followed(
  script: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  expect(code, output).toBe(0);
  return output;
}
