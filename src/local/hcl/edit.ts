import { err, ok, type Result } from '../../base/result.ts';
import { quoteHcl } from './quote.ts';
import { readTfvars } from './read.ts';

/** What a variable can be set to. */
export type HclValue = string | number | boolean;

/**
 * Sets variables in a `terraform.tfvars`. Every other character stays; a variable that is right already is not
 * touched; new ones follow at the end.
 */
export function editTfvars(
  text: string,
  values: Readonly<Record<string, HclValue>>,
  file: string,
): Result<string> {
  const entries = readTfvars(text, file);
  if (!entries.ok) return err(entries.error);
  let edited = '';
  let at = 0;
  for (const entry of entries.value) {
    const wanted = values[entry.name];
    if (wanted === undefined || entry.value === String(wanted)) continue;
    edited += text.slice(at, entry.valueStart) + render(wanted);
    at = entry.valueEnd;
  }
  edited += text.slice(at);
  const present = new Set(entries.value.map((entry) => entry.name));
  const missing = Object.entries(values).filter(([name]) => !present.has(name));
  const width = Math.max(0, ...missing.map(([name]) => name.length));
  const lines = missing.map(([name, value]) => `${name.padEnd(width)} = ${render(value)}\n`);
  const open = edited !== '' && !edited.endsWith('\n') && lines.length > 0;
  return ok(`${edited}${open ? '\n' : ''}${lines.join('')}`);
}

const render = (value: HclValue): string => (typeof value === 'string' ? quoteHcl(value) : String(value));
