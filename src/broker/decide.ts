import { compilePattern, matches, type Pattern } from './pattern.ts';
import { PRESETS } from './presets.ts';
import { LEVELS, type RouteRecord, type Rule } from './record.ts';

/** What a call needs, before anybody's token is looked at. */
export interface Decision {
  readonly access: 'scopes' | 'anyone' | 'never';
  /** Each of these sets must be met by one of its scopes. */
  readonly needs: readonly (readonly string[])[];
  /** The rule that decided, as a person wrote it; null: none fits, which refuses. */
  readonly rule: string | null;
}

export type Decide = (method: string, readings: readonly (readonly string[])[]) => Decision;

interface Line {
  readonly methods: readonly string[];
  readonly pattern: Pattern;
  readonly decision: Decision;
}

const NOTHING_FITS: Decision = { access: 'never', needs: [], rule: null };

/** The rules of a route, its own first, then its kind's preset. */
export function compileRules(route: Pick<RouteRecord, 'rules' | 'presets' | 'kind'>): Decide {
  const lines = allRules(route).map(
    (rule): Line => ({
      methods: rule.methods,
      pattern: compilePattern(rule.path),
      decision: {
        access: rule.access,
        needs: rule.access === 'scopes' ? [rule.scopes] : [],
        rule: ruleText(rule),
      },
    }),
  );

  function first(method: string, segments: readonly string[]): Decision {
    for (const { methods, pattern, decision } of lines)
      if ((methods.length === 0 || methods.includes(method)) && matches(pattern, segments)) return decision;
    return NOTHING_FITS;
  }

  return (method, readings) => {
    const [only, ...others] = readings;
    let decision = first(method, only ?? []);
    for (const reading of others) decision = stricter(decision, first(method, reading));
    return decision;
  };
}

/** A call that can be read in two ways must be allowed in both. */
function stricter(a: Decision, b: Decision): Decision {
  if (a === b || a.access === 'never') return a;
  if (b.access === 'never' || a.access === 'anyone') return b;
  return b.access === 'anyone' ? a : { access: 'scopes', needs: [...a.needs, ...b.needs], rule: a.rule };
}

/** Everything that counts for a route, in the order in which it counts. */
export function allRules({ rules, presets, kind }: Pick<RouteRecord, 'rules' | 'presets' | 'kind'>): Rule[] {
  if (presets === null) return [...rules];
  const expanded = PRESETS[kind].map(({ methods, path, needs }): Rule => {
    if (needs === 'anyone' || needs === 'never') return { methods, path, access: needs, scopes: [] };
    const enough = LEVELS.slice(LEVELS.indexOf(needs)).map((level) => presets[level]);
    return { methods, path, access: 'scopes', scopes: [...new Set(enough)] };
  });
  return [...rules, ...expanded];
}

/** `GET|HEAD /api/** read:lab|all:lab`, as the command line takes it. */
export function ruleText({ methods, path, access, scopes }: Rule): string {
  const who = access === 'scopes' ? scopes.join('|') : access;
  return `${methods.length === 0 ? '*' : methods.join('|')} ${path} ${who}`;
}
