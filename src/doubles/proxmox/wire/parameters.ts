import { ok, type Result } from '../../../base/result.ts';
import type { Edition } from '../editions.ts';
import { badParameters, type Refusal } from '../refusal.ts';
import type { RawParameters, RawValue } from '../schema.ts';

function percentDecoded(text: string): string {
  const spaced = text.replace(/\+/g, ' ');
  const bytes: number[] = [];
  for (let at = 0; at < spaced.length; at += 1) {
    const hex = /^%([0-9a-fA-F]{2})/.exec(spaced.slice(at, at + 3))?.[1];
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else bytes.push(...Buffer.from(spaced[at] ?? ''));
  }
  return Buffer.from(bytes).toString('utf8');
}

/**
 * Reads a form as Proxmox does: cut at `&` and at `;`, and of each part only the text up to the second `=`
 * survives, so that `a=b=c` arrives as `b`.
 */
export function parseForm(edition: Edition, text: string): Map<string, RawValue> {
  const values = new Map<string, RawValue>();
  for (const part of text.split(/[&;]/)) {
    const [rawName = '', rawValue] = part.split('=');
    if (rawName === '' || rawValue === undefined) continue;
    const name = percentDecoded(rawName);
    const value = percentDecoded(rawValue);
    const before = values.get(name);
    if (before === undefined) values.set(name, value);
    else if (!edition.repeatedNameIsArray) values.set(name, `${String(before)}\0${value}`);
    else values.set(name, Array.isArray(before) ? [...before, value] : [before, value]);
  }
  return values;
}

/** In release 7 the hop to the privileged daemon turned JSON into a form, and its values into text. */
export function parseJson(edition: Edition, text: string): Result<Map<string, RawValue>, Refusal> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return brokenJson(edition);
    const entries = Object.entries(value as Record<string, RawValue>);
    const flat = entries.map(([name, one]): [string, RawValue] => [
      name,
      edition.major === 7 && typeof one !== 'object' ? String(one) : one,
    ]);
    return ok(new Map(flat));
  } catch {
    return brokenJson(edition);
  }
}

function brokenJson(edition: Edition): Result<never, Refusal> {
  const message =
    'malformed JSON string, neither tag, array, object, number, string or atom, at character offset 0';
  return { ok: false, error: { status: edition.brokenJsonStatus, message, plainText: true } };
}

/** Path, query and body in one: the query wins over the body, and neither may contradict the path. */
export function mergeParameters(
  inPath: ReadonlyMap<string, string>,
  query: RawParameters,
  body: RawParameters,
): Result<RawParameters, Refusal> {
  const merged = new Map<string, RawValue>([...body, ...query]);
  const errors: Record<string, string> = {};
  for (const [name, value] of inPath) {
    const other = merged.get(name);
    if (other !== undefined && other !== value)
      errors[name] = 'duplicate parameter (already defined in URI) with conflicting values';
    merged.set(name, value);
  }
  return Object.keys(errors).length > 0 ? badParameters(errors) : ok(merged);
}
