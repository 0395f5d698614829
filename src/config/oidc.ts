import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { Secret } from '../base/secret.ts';

/** Who gets an account at the first sign-in: everybody the provider knows, who has a mapped group, or nobody. */
export type Admission = 'all' | 'mapped' | 'none';

/** The OpenID Connect provider that people may sign in with. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Scopes asked of the provider; `openid` among them. */
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly groupsClaim: string;
  /** Group there to role here. */
  readonly roles: readonly GroupRole[];
  readonly admission: Admission;
  /** What the button says. */
  readonly label: string;
}

export interface GroupRole {
  readonly group: string;
  readonly role: string;
}

const LOOPBACK = new Set(['localhost', '[::1]']);

function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  const here = LOOPBACK.has(url.hostname) || (isIP(url.hostname) === 4 && url.hostname.startsWith('127.'));
  return url.protocol === 'http:' && here;
}

const claim = z.string().regex(/^[^\s\p{Cc}]{1,200}$/u, 'must be the name of a claim, without blanks');

/** `group=role; group=role`. A group may hold `=`, as names of directories do; a role never does. */
const groupRoles = z.string().transform((text, context) => {
  const found: GroupRole[] = [];
  for (const item of text.split(';').map((part) => part.trim())) {
    if (item === '') continue;
    const [, group = '', role = ''] = /^(.+?)\s*=\s*([a-zA-Z][a-zA-Z0-9_-]{0,63})$/s.exec(item) ?? [];
    if (role === '') context.addIssue({ code: 'custom', message: `'${item}' is not of the form group=role` });
    else found.push({ group, role });
  }
  return found;
});

const secretFile = z.string().transform((path, context) => {
  let text = '';
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    context.addIssue({ code: 'custom', message: `the file ${path} cannot be read: ${reason}` });
    return z.NEVER;
  }
  if (text === '') context.addIssue({ code: 'custom', message: `the file ${path} is empty` });
  return text;
});

export const OIDC_ENVIRONMENT = {
  TESSERA_OIDC_ISSUER: z
    .string()
    .refine(isIssuer, 'must be the https:// address of the provider; http:// only on this machine')
    .optional(),
  TESSERA_OIDC_CLIENT_ID: z.string().min(1).optional(),
  TESSERA_OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  TESSERA_OIDC_CLIENT_SECRET_FILE: secretFile.optional(),
  TESSERA_OIDC_SCOPES: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((scope) => scope !== ''))
    .refine((scopes) => scopes.includes('openid'), "must hold 'openid'")
    .default(['openid', 'profile', 'email']),
  TESSERA_OIDC_USERNAME_CLAIM: claim.default('preferred_username'),
  TESSERA_OIDC_GROUPS_CLAIM: claim.default('groups'),
  TESSERA_OIDC_ROLES: groupRoles.default([]),
  TESSERA_OIDC_CREATE_USERS: z
    .enum(['all', 'mapped', 'none'], { error: 'must be all, mapped or none' })
    .default('mapped'),
  TESSERA_OIDC_LABEL: z
    .string()
    .regex(/^[^\p{Cc}]{1,60}$/u, 'must have at most 60 characters')
    .optional(),
};

const NEEDED = ['TESSERA_OIDC_ISSUER', 'TESSERA_OIDC_CLIENT_ID'] as const;
const SECRETS = ['TESSERA_OIDC_CLIENT_SECRET', 'TESSERA_OIDC_CLIENT_SECRET_FILE'] as const;

/** What is wrong with the settings of the provider taken together: half of them is none. */
export function oidcFaults(
  given: Readonly<Record<string, string>>,
): { readonly name: string; readonly message: string }[] {
  const names = Object.keys(OIDC_ENVIRONMENT).filter((name) => given[name] !== undefined);
  const [first] = names;
  if (first === undefined) return [];
  const faults = NEEDED.filter((name) => given[name] === undefined).map((name) => ({
    name,
    message: `is missing, but ${first} is set`,
  }));
  const secrets = SECRETS.filter((name) => given[name] !== undefined).length;
  if (secrets === 0)
    return [
      ...faults,
      { name: SECRETS[0], message: `is missing, but ${first} is set; or set ${SECRETS[1]}` },
    ];
  if (secrets === 2)
    return [...faults, { name: SECRETS[1], message: `is set besides ${SECRETS[0]}; keep one` }];
  return faults;
}

const Together = z.object(OIDC_ENVIRONMENT);
type Environment = z.output<typeof Together>;

export function oidcOf(env: Environment): OidcConfig | null {
  const { TESSERA_OIDC_ISSUER: issuer, TESSERA_OIDC_CLIENT_ID: clientId } = env;
  if (issuer === undefined || clientId === undefined) return null;
  return {
    issuer,
    clientId,
    scopes: env.TESSERA_OIDC_SCOPES,
    usernameClaim: env.TESSERA_OIDC_USERNAME_CLAIM,
    groupsClaim: env.TESSERA_OIDC_GROUPS_CLAIM,
    roles: env.TESSERA_OIDC_ROLES,
    admission: env.TESSERA_OIDC_CREATE_USERS,
    label: env.TESSERA_OIDC_LABEL ?? `Sign in with ${new URL(issuer).host}`,
  };
}

export function oidcSecretOf(env: Environment): Secret | null {
  const text = env.TESSERA_OIDC_CLIENT_SECRET ?? env.TESSERA_OIDC_CLIENT_SECRET_FILE;
  return text === undefined ? null : new Secret(text);
}
