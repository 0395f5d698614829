/** What one guarded location demands, as its query says. Parsed once per distinct query and kept. */
export interface GuardRule {
  readonly scopes: readonly string[];
  readonly satisfy: 'all' | 'any';
  readonly service: string | null;
  readonly delegateTo: string | null;
  readonly delegateScopes: readonly string[];
  readonly notebook: boolean;
  /** Seconds the caller's token must still last; null when nothing is asked. */
  readonly minimumLifetime: number | null;
  readonly useAuthorization: boolean;
  readonly onlyServices: readonly string[] | null;
  readonly username: string | null;
  readonly userDomain: boolean;
  readonly basicChallenge: boolean;
  readonly allowCookies: boolean;
  readonly allowOptions: boolean;
}

/** One thing wrong with the parameters, in the form clients of the Gafaelfawr API read. */
export interface ParameterFault {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export type ParsedRule =
  | { readonly ok: true; readonly rule: GuardRule }
  | {
      readonly ok: false;
      readonly faults: readonly ParameterFault[];
      /** Each parameter is well formed, but not together: said only when nothing simpler is wrong. */
      readonly misused: boolean;
    };

/** Seconds a delegated token must last when nothing else is asked, and the least that may be asked. */
const MINIMUM_LIFETIME = 300;
const NAME = /^[a-zA-Z0-9:._-]+$/;
const TRUE = new Set(['true', '1', 'on', 'yes', 't', 'y']);
const FALSE = new Set(['false', '0', 'off', 'no', 'f', 'n']);

export function parseGuardRule(query: string, tokenLifetime: number): ParsedRule {
  const params = new URLSearchParams(query);
  const faults: ParameterFault[] = [];
  const at = (name: string): readonly string[] => ['query', name];
  /** Of a parameter that stands twice, the last counts. */
  const last = (name: string): string | null => params.getAll(name).at(-1) ?? null;

  /** Names that come back in headers: nothing outside the grammar of scopes gets in here. */
  const names = (parameter: string, texts: readonly string[]): readonly string[] => {
    for (const text of texts) {
      if (NAME.test(text)) continue;
      const msg = `String should match pattern '${NAME.source}'`;
      const ctx = { pattern: NAME.source };
      faults.push({ type: 'string_pattern_mismatch', loc: at(parameter), msg, input: text, ctx });
    }
    return texts;
  };

  const name = (parameter: string, asHeader = false): string | null => {
    const text = last(parameter);
    if (text === '') {
      const msg = 'String should have at least 1 character';
      faults.push({ type: 'string_too_short', loc: at(parameter), msg, input: text, ctx: { min_length: 1 } });
    } else if (text !== null && asHeader) {
      names(parameter, [text]);
    }
    return text;
  };

  const flag = (name: string, otherwise: boolean): boolean => {
    const text = last(name);
    if (text === null) return otherwise;
    if (TRUE.has(text.toLowerCase())) return true;
    if (FALSE.has(text.toLowerCase())) return false;
    const msg = 'Input should be a valid boolean, unable to interpret input';
    faults.push({ type: 'bool_parsing', loc: at(name), msg, input: text });
    return otherwise;
  };

  const choice = (name: string, first: string, second: string): boolean => {
    const text = last(name) ?? first;
    if (text !== first && text !== second) {
      const expected = `'${first}' or '${second}'`;
      const msg = `Input should be ${expected}`;
      faults.push({ type: 'enum', loc: at(name), msg, input: text, ctx: { expected } });
    }
    return text === second;
  };

  const lifetime = (): number | null => {
    const text = last('minimum_lifetime');
    if (text === null) return null;
    const loc = at('minimum_lifetime');
    if (!/^[+-]?\d{1,15}$/.test(text.trim())) {
      const msg = 'Input should be a valid integer, unable to parse string as an integer';
      faults.push({ type: 'int_parsing', loc, msg, input: text });
      return null;
    }
    const wanted = Number(text);
    if (wanted < MINIMUM_LIFETIME) {
      const msg = `Input should be greater than or equal to ${MINIMUM_LIFETIME}`;
      faults.push({ type: 'greater_than_equal', loc, msg, input: text, ctx: { ge: MINIMUM_LIFETIME } });
    }
    return wanted;
  };

  const satisfyAny = choice('satisfy', 'all', 'any');
  const basicChallenge = choice('auth_type', 'bearer', 'basic');
  const minimum = lifetime();
  const rule: GuardRule = {
    scopes: names('scope', params.getAll('scope')),
    satisfy: satisfyAny ? 'any' : 'all',
    service: name('service', true),
    delegateTo: name('delegate_to', true),
    delegateScopes: params
      .getAll('delegate_scope')
      .flatMap((text) => text.split(',').filter((part) => part !== '')),
    notebook: flag('notebook', false),
    minimumLifetime: minimum,
    useAuthorization: flag('use_authorization', false),
    onlyServices: params.has('only_service') ? params.getAll('only_service') : null,
    username: name('username'),
    userDomain: flag('user_domain', false),
    basicChallenge,
    allowCookies: flag('allow_cookies', true),
    allowOptions: flag('allow_options', false),
  };
  if (faults.length > 0) return { ok: false, faults, misused: false };

  const refuse = (type: string, name: string, msg: string): ParsedRule => ({
    ok: false,
    misused: true,
    faults: [{ type, loc: at(name), msg }],
  });
  if (rule.notebook && rule.delegateTo !== null) {
    return refuse('invalid_delegate_to', 'delegate_to', 'delegate_to cannot be set for notebook tokens');
  }
  if (rule.service !== null && rule.delegateTo !== null && rule.service !== rule.delegateTo) {
    return refuse('invalid_service', 'delegate_to', 'service must be the same as delegate_to');
  }
  if (minimum !== null && minimum > tokenLifetime - MINIMUM_LIFETIME) {
    const longest = tokenLifetime - MINIMUM_LIFETIME;
    return refuse(
      'invalid_minimum_lifetime',
      'minimum_lifetime',
      `Requested lifetime longer than ${longest} seconds`,
    );
  }
  const delegates = rule.notebook || rule.delegateTo !== null;
  return { ok: true, rule: { ...rule, minimumLifetime: minimum ?? (delegates ? MINIMUM_LIFETIME : null) } };
}
