import type { Finding } from '../finding.ts';
import { ending } from './credential.ts';
import { find } from './find.ts';

/** One setting as a file holds it, for telling what was written from what was read. */
export interface SettingLine {
  readonly key: string;
  /** Text after the equals sign, untouched. */
  readonly raw: string;
  /** What the reader made of it. */
  readonly read: string;
  /** Counted from 1. */
  readonly line: number;
  readonly secret: boolean;
}

/** Which of two methods settings would choose, and what is surprising about it. */
export interface MethodSettings {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly password: string;
  /** Name of the setting that holds the token id or name. */
  readonly tokenField: string;
}

/**
 * Looks for values that the reader of an `.env` file changed in silence: cut at a `#`, robbed of quotes,
 * expanded at a `$`; and for keys that stand twice. Values are shown by their last four characters at most.
 */
export function lintSettings(lines: readonly SettingLine[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, SettingLine>();
  for (const setting of lines) {
    const earlier = seen.get(setting.key);
    const read = setting.secret ? ending(setting.read) : `"${setting.read}"`;
    if (earlier !== undefined)
      findings.push(
        find('ENV_PARSE', 'P0', `${setting.key} in lines ${earlier.line} and ${setting.line}`, {
          key: setting.key,
          read,
          line: setting.line,
          earlier: earlier.line,
        }),
      );
    else if (wasChanged(setting))
      findings.push(
        find(
          'ENV_PARSE',
          'P0',
          `${setting.key}, line ${setting.line}: ${setting.read.length} characters read`,
          {
            key: setting.key,
            read,
            line: setting.line,
          },
        ),
      );
    seen.set(setting.key, setting);
  }
  return findings;
}

/** A quoted value loses its quotes and that is meant; anything else should arrive as it was written. */
function wasChanged({ raw, read }: SettingLine): boolean {
  const trimmed = raw.trim();
  const quote = trimmed[0];
  if ((quote === '"' || quote === "'") && trimmed.length > 1 && trimmed.endsWith(quote)) {
    const inner = trimmed.slice(1, -1);
    return quote === "'" ? inner !== read : inner.replace(/\\(["\\$`])/g, '$1') !== read && inner !== read;
  }
  return trimmed !== read;
}

/** Which method the settings lead to: the token where its id is set, whatever else stands there. */
export function lintMethod(settings: MethodSettings): Finding[] {
  const { tokenId, tokenSecret, password, tokenField } = settings;
  return tokenId === '' && tokenSecret !== '' && password !== ''
    ? [find('METHOD_SURPRISE', 'P0', `${tokenField} is empty`, { field: tokenField })]
    : [];
}

/** Names of guests are DNS names: letters, digits and hyphens in labels of at most 63 characters. */
export function lintGuestName(name: string): Finding[] {
  const label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  if (new RegExp(`^${label}(\\.${label})*$`).test(name) && name.length <= 253) return [];
  const suggestion =
    name
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .replace(/[^A-Za-z0-9]+/g, '-')
      .slice(0, 63)
      .replace(/^-+|-+$/g, '') || 'guest';
  return [find('NAME_BAD', 'P0', `name is "${name}"`, { name, suggestion })];
}
