import type { Scope } from '../../../src/wire/people.ts';
import type { Token } from '../../../src/wire/tokens.ts';

/** Tokens in words. */

export const KIND_NAMES: Readonly<Record<Token['type'], string>> = {
  session: 'Session',
  user: 'Personal access token',
  service: 'Service token',
  internal: 'Delegated to a service',
  notebook: 'Delegated to a notebook',
};

/** What people call it; an id where nobody gave it a name. */
export function titleOf(token: Token): string {
  if (token.name !== null) return token.name;
  switch (token.type) {
    case 'session':
      return 'Session';
    case 'service':
      return token.username;
    default:
      return `${token.service ?? 'Notebook'}, delegated`;
  }
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** What scopes allow, as a clause: `see connections and their health, and read the audit trail`. */
export function meaningOf(names: readonly string[], scopes: readonly Scope[]): string {
  return listed(
    names.map((name) => {
      const words = scopes.find((scope) => scope.name === name)?.description ?? '';
      return words === '' ? `use ${name}` : lowered(words);
    }),
  );
}

/** Sentences of scopes begin with a capital; names and abbreviations keep theirs. */
const lowered = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
