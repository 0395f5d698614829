import { checkScopeName } from '../access/names.ts';
import { fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import { NEVER_PASSED } from './headers.ts';
import { patternFault } from './pattern.ts';
import type { Rule } from './record.ts';

const refuse = (field: string, message: string, fix?: string): Result<never> =>
  err(fieldFault('invalid_request', field, message, fix));

/** The name of a route stands in addresses and in names of scopes. */
export function checkRouteName(name: string): Result<string> {
  return /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)
    ? ok(name)
    : refuse('name', 'lower-case letters, digits and hyphens, at most 40, no hyphen at the ends');
}

export function checkHost(host: string): Result<string> {
  const name = host.toLowerCase();
  const fits =
    name.length <= 253 &&
    /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name);
  return fits
    ? ok(name)
    : refuse('host', 'must be a host name without scheme and port', 'such as pve.tessera.example');
}

export function checkPort(port: number, own: readonly number[]): Result<number> {
  if (port < 1 || port > 65_535) return refuse('port', 'must be between 1 and 65535');
  return own.includes(port) ? refuse('port', 'is the port of Tessera itself') : ok(port);
}

export function checkRules(rules: readonly Rule[]): Result<readonly Rule[]> {
  for (const [at, rule] of rules.entries()) {
    const fault = patternFault(rule.path);
    if (fault !== undefined) return refuse(`rules[${at}].path`, fault);
    const odd = rule.methods.find((method) => !/^[A-Z][A-Z-]{0,19}$/.test(method));
    if (odd !== undefined) return refuse(`rules[${at}].methods`, `'${odd}' is not a method in capitals`);
    if (rule.access === 'scopes' && rule.scopes.length === 0)
      return refuse(`rules[${at}].scopes`, 'name a scope, or choose the access anyone or never');
    if (rule.access !== 'scopes' && rule.scopes.length > 0)
      return refuse(`rules[${at}].scopes`, `do not go with the access ${rule.access}`);
    for (const scope of rule.scopes) {
      const fit = checkScopeName(scope, `rules[${at}].scopes`);
      if (!fit.ok) return fit;
    }
  }
  return ok(rules);
}

export function checkPassHeaders(names: readonly string[]): Result<readonly string[]> {
  const lower = names.map((name) => name.toLowerCase());
  for (const name of lower) {
    if (!/^[a-z0-9-]{1,60}$/.test(name))
      return refuse('pass_headers', `'${name}' is not a name of letters, digits and hyphens`);
    if (NEVER_PASSED.test(name))
      return refuse('pass_headers', `'${name}' never travels: it could name another caller or another place`);
  }
  return ok([...new Set(lower)]);
}
