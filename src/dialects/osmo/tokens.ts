import type { FastifyInstance } from 'fastify';
import { isAdministrator } from '../../access/policy.ts';
import type { Actor } from '../../access/principal.ts';
import { type Clock, DAY, seconds } from '../../base/clock.ts';
import { fault, fieldFault } from '../../base/fault.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Caller } from '../../http/authenticate.ts';
import type { Counters } from '../../http/metrics.ts';
import type { Users, UserWithRoles } from '../../people/users.ts';
import type { Mint } from '../../tokens/mint.ts';
import type { TokenQueries } from '../../tokens/query.ts';
import type { TokenRecord } from '../../tokens/record.ts';
import type { Revoke } from '../../tokens/revoke.ts';
import type { SignedInCalls } from './call.ts';
import { endOf, stampOf } from './day.ts';
import { readEnd } from './end.ts';
import { personOf } from './person.ts';
import { DEFAULT_ROLE, rolesShown } from './roles.ts';
import {
  Done,
  NewTokenQuery,
  TokenList,
  TokenPath,
  TokenRoles,
  TokenSecret,
  UserPath,
  UserTokenPath,
} from './shapes.ts';

export interface TokenCallNeeds extends SignedInCalls {
  readonly mint: Mint;
  readonly revoke: Revoke;
  readonly queries: TokenQueries;
  readonly users: Users;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The configured bound on the life of a token, in seconds; null for none. */
  readonly longestTokenSeconds: number | null;
}

/** What this protocol calls `max_token_duration`, in seconds; a tighter configuration counts. */
const LONGEST = 365 * DAY;

/** Personal access tokens: `osmo token set|list|roles|delete`, with and without `--user`. */
export function tokenCalls(app: FastifyInstance, needs: TokenCallNeeds): void {
  const { ownTokenCall, adminCall, mint, revoke, queries, users, clock, counters } = needs;
  const longest = Math.min(LONGEST, needs.longestTokenSeconds ?? LONGEST);

  async function create(
    actor: Actor,
    owner: string,
    name: string,
    query: NewTokenQuery,
    everyRole: () => Promise<Result<readonly string[]>>,
  ): Promise<Result<string>> {
    const end = readEnd(query.expires_at, name, seconds(clock), longest);
    if (!end.ok) return end;
    const named = query.roles.length > 0 ? ok(query.roles) : await everyRole();
    if (!named.ok) return named;
    if (named.value.length === 0) return err(noRoles(owner));
    const minted = await mint.userToken(actor, {
      owner,
      name,
      description: query.description,
      // Named outright, so that a role taken away in this very moment makes the whole request fail.
      roles: [...named.value, DEFAULT_ROLE],
      expiresAt: end.value,
      longestSeconds: longest,
    });
    if (!minted.ok) return minted;
    counters.minted++;
    return ok(minted.value.token.reveal());
  }

  /** The roles that a token can hand on when its user names none: those it carries itself. */
  const rolesOfCaller = ({ actor, verified }: Caller): readonly string[] =>
    verified === null ? [] : rolesShown(verified.token.record, actor.roles);

  /** Newest first; a name that expired and was taken again belongs to the new token alone. */
  async function tokensOf(actor: Actor, username: string, name?: string): Promise<Result<TokenRecord[]>> {
    const types = ['user'] as const;
    return queries.list(actor, { username, types, ...(name === undefined ? {} : { name }) });
  }

  async function list(actor: Actor, owner: UserWithRoles) {
    const found = await tokensOf(actor, owner.username);
    if (!found.ok) return found;
    const newest = new Map<string, TokenRecord>();
    for (const token of found.value) {
      const name = nameOf(token);
      if (!newest.has(name)) newest.set(name, token);
    }
    const held = owner.roles.map((grant) => grant.role);
    const names = [...newest.keys()].sort();
    return ok(
      names.flatMap((name) => {
        const token = newest.get(name);
        return token === undefined ? [] : [presentToken(token, held)];
      }),
    );
  }

  async function remove(actor: Actor, owner: string, name: string): Promise<Result<null>> {
    const found = await tokensOf(actor, owner, name);
    if (!found.ok) return found;
    let ended = 0;
    for (const { id } of found.value) {
      const revoked = await revoke.byId(actor, id);
      if (revoked.ok) ended += revoked.value.length;
      // Somebody else was faster.
      else if (revoked.error.code !== 'not_found') return revoked;
    }
    counters.revoked += ended;
    return ended > 0 ? ok(null) : err(noSuchToken(name));
  }

  ownTokenCall(app, {
    method: 'POST',
    path: '/api/auth/access_token/:name',
    summary: 'Create a token of your own',
    description:
      'Without roles it carries those of the token used to ask. It is dead from 00:00 UTC of its date.',
    params: TokenPath,
    query: NewTokenQuery,
    answer: TokenSecret,
    handle: async ({ params, query, caller }) => {
      const { actor, verified } = caller;
      const isNarrow = verified !== null && verified.token.record.scopes !== null;
      if (isNarrow && !isAdministrator(actor)) return err(NARROW);
      return create(actor, actor.username, params.name, query, async () => ok(rolesOfCaller(caller)));
    },
  });

  ownTokenCall(app, {
    method: 'GET',
    path: '/api/auth/access_token',
    summary: 'List your tokens by name',
    answer: TokenList,
    async handle({ caller }) {
      const owner = await users.one(caller.actor, caller.actor.username);
      return owner.ok ? list(caller.actor, owner.value) : owner;
    },
  });

  ownTokenCall(app, {
    method: 'DELETE',
    path: '/api/auth/access_token/:name',
    summary: 'Revoke a token of your own',
    params: TokenPath,
    answer: Done,
    handle: ({ params, caller }) => remove(caller.actor, caller.actor.username, params.name),
  });

  ownTokenCall(app, {
    method: 'GET',
    path: '/api/auth/access_token/:name/roles',
    summary: 'The roles a token of your own carries',
    params: TokenPath,
    answer: TokenRoles,
    async handle({ params, caller }) {
      const { actor } = caller;
      const owner = await users.one(actor, actor.username);
      if (!owner.ok) return owner;
      const found = await tokensOf(actor, actor.username, params.name);
      if (!found.ok) return found;
      const [token] = found.value;
      if (token === undefined) return err(noSuchToken(params.name));
      const held = owner.value.roles.map((grant) => grant.role);
      return ok({
        user_name: token.username,
        token_name: nameOf(token),
        roles: rolesShown(token, held).map((role) => ({
          role_name: role,
          assigned_by: token.createdBy,
          assigned_at: stampOf(token.createdAt * 1000),
        })),
      });
    },
  });

  adminCall(app, {
    method: 'POST',
    path: '/api/auth/user/:user/access_token/:name',
    summary: 'Create a token for somebody else',
    description: 'Without roles it carries all that its owner holds now.',
    params: UserTokenPath,
    query: NewTokenQuery,
    answer: TokenSecret,
    handle: async ({ params, query, caller }) =>
      create(caller.actor, params.user, params.name, query, async () => {
        const owner = await personOf(users, caller.actor, params.user);
        return owner.ok ? ok(owner.value.roles.map((grant) => grant.role)) : owner;
      }),
  });

  adminCall(app, {
    method: 'GET',
    path: '/api/auth/user/:user/access_token',
    summary: "List somebody else's tokens by name",
    params: UserPath,
    answer: TokenList,
    async handle({ params, caller }) {
      const owner = await personOf(users, caller.actor, params.user);
      return owner.ok ? list(caller.actor, owner.value) : owner;
    },
  });

  adminCall(app, {
    method: 'DELETE',
    path: '/api/auth/user/:user/access_token/:name',
    summary: "Revoke somebody else's token",
    params: UserTokenPath,
    answer: Done,
    handle: ({ params, caller }) => remove(caller.actor, params.user, params.name),
  });
}

/** Every personal access token has a name; the id is for the compiler's peace. */
const nameOf = (token: TokenRecord): string => token.name ?? token.id;

const presentToken = (token: TokenRecord, held: readonly string[]) => ({
  user_name: token.username,
  token_name: nameOf(token),
  expires_at: endOf(token.expiresAt),
  description: token.description,
  roles: rolesShown(token, held),
});

const noSuchToken = (name: string) =>
  fault('not_found', `There is no token '${name}'. See 'osmo token list'.`);

const noRoles = (owner: string) =>
  fieldFault(
    'invalid_request',
    'roles',
    `a token needs at least one role: none was named, and there is none of '${owner}' to take over`,
  );

const NARROW = fieldFault(
  'role_not_held',
  'roles',
  'the token you are logged in with was narrowed to scopes, so it carries no role to hand on; log in with another',
);
