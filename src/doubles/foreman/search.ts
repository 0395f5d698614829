import { err, ok, type Result } from '../../base/result.ts';

/** Values of the fields by which an object can be found; `facts.x` and `params.x` are looked up as they are. */
export type Searchable = (field: string) => string | undefined;

/** Tells which objects a query keeps. */
export type Filter = (object: Searchable) => boolean;

export interface SearchFields {
  readonly known: readonly string[];
  /** Open families such as `facts.`. */
  readonly families?: readonly string[];
  /** Where bare words are looked for. */
  readonly byDefault: readonly string[];
}

type Parsed = Result<Filter, string>;

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(\(|\)|,)|(!=|<>|<=|>=|!~|=|~|<|>|!\^|\^)|([^\s"(),=~<>!^]+))/y;

interface Lexeme {
  readonly kind: 'text' | 'quoted' | 'mark' | 'operator';
  readonly value: string;
}

function lexemes(query: string): Lexeme[] | undefined {
  const found: Lexeme[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < query.trimEnd().length) {
    const match = TOKEN.exec(query);
    if (match === null) return undefined;
    const [, quoted, mark, operator, text] = match;
    if (quoted !== undefined) found.push({ kind: 'quoted', value: quoted.replace(/\\(.)/g, '$1') });
    else if (mark !== undefined) found.push({ kind: 'mark', value: mark });
    else if (operator !== undefined) found.push({ kind: 'operator', value: operator });
    else found.push({ kind: 'text', value: text ?? '' });
  }
  return found;
}

const contains = (value: string, part: string): boolean =>
  value.toLowerCase().includes(part.replace(/[*%]/g, '').toLowerCase());

function compare(operator: string, value: string, wanted: string): boolean {
  const order =
    Number.isFinite(Number(value)) && Number.isFinite(Number(wanted))
      ? Number(value) - Number(wanted)
      : value.localeCompare(wanted);
  switch (operator) {
    case '=':
      return value === wanted;
    case '~':
      return contains(value, wanted);
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    default:
      return order >= 0;
  }
}

/** Parses the part of the search language that clients use: comparisons, `and`, `or`, `not`, parentheses, lists. */
export function parseSearch(fields: SearchFields, query: string): Parsed {
  const list = lexemes(query);
  if (list === undefined) return err('Syntax error in the search query');
  let at = 0;
  const peek = (): Lexeme | undefined => list[at];
  const take = (): Lexeme | undefined => list[at++];
  const isWord = (lexeme: Lexeme | undefined, word: string): boolean =>
    lexeme?.kind === 'text' && lexeme.value.toLowerCase() === word;
  const isMark = (value: string): boolean => peek()?.kind === 'mark' && peek()?.value === value;
  const isKnown = (field: string): boolean =>
    fields.known.includes(field) || (fields.families ?? []).some((family) => field.startsWith(family));

  function anyOf(): Parsed {
    let left = allOf();
    while (left.ok && isWord(peek(), 'or')) {
      take();
      const [first, right] = [left.value, allOf()];
      if (!right.ok) return right;
      left = ok((object) => first(object) || right.value(object));
    }
    return left;
  }

  function allOf(): Parsed {
    let left = term();
    while (left.ok && peek() !== undefined && !isWord(peek(), 'or') && !isMark(')')) {
      if (isWord(peek(), 'and') || isMark(',')) take();
      const [first, right] = [left.value, term()];
      if (!right.ok) return right;
      left = ok((object) => first(object) && right.value(object));
    }
    return left;
  }

  function term(): Parsed {
    const lexeme = take();
    if (lexeme === undefined) return err('Unexpected end of the search query');
    if (isWord(lexeme, 'not')) {
      const inner = term();
      return inner.ok ? ok((object) => !inner.value(object)) : inner;
    }
    if (lexeme.kind === 'mark' && lexeme.value === '(') {
      const inner = anyOf();
      if (inner.ok && take()?.value !== ')') return err('Expected a closing parenthesis');
      return inner;
    }
    if (lexeme.kind === 'mark' || lexeme.kind === 'operator') return err(`Unexpected '${lexeme.value}'`);
    return peek()?.kind === 'operator' ? comparison(lexeme.value) : word(lexeme.value);
  }

  function word(text: string): Parsed {
    return ok((object) => fields.byDefault.some((field) => contains(object(field) ?? '', text)));
  }

  function comparison(field: string): Parsed {
    if (!isKnown(field)) return err(`Field '${field}' not recognized for searching!`);
    const operator = take()?.value ?? '=';
    if (operator === '^' || operator === '!^') return membership(field, operator);
    const value = take();
    if (value === undefined || value.kind === 'mark' || value.kind === 'operator')
      return err(`Value expected after '${field} ${operator}'`);
    const wanted = value.value;
    const negated = operator === '!=' || operator === '<>' || operator === '!~';
    const plain = operator === '!~' ? '~' : negated ? '=' : operator;
    return ok((object) => {
      const has = object(field);
      return negated
        ? has === undefined || !compare(plain, has, wanted)
        : has !== undefined && compare(plain, has, wanted);
    });
  }

  function membership(field: string, operator: string): Parsed {
    if (take()?.value !== '(') return err(`A list is expected after '${field} ${operator}'`);
    const values = new Set<string>();
    for (let lexeme = take(); lexeme?.value !== ')'; lexeme = take()) {
      if (lexeme === undefined) return err('Expected a closing parenthesis');
      if (lexeme.kind !== 'mark') values.add(lexeme.value);
    }
    return ok((object) => values.has(object(field) ?? '') === (operator === '^'));
  }

  if (list.length === 0) return ok(() => true);
  const filter = anyOf();
  return filter.ok && at < list.length ? err(`Unexpected '${peek()?.value}'`) : filter;
}
