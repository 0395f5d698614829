import { readFileSync } from 'node:fs';

/** As package.json has it; source and build both stand two folders below it. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
