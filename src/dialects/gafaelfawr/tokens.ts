import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ADMIN_SCOPE } from '../../access/scopes.ts';
import { NO_USER_INFO, type UserInfo } from '../../base/user-info.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import type { Counters } from '../../http/metrics.ts';
import type { Edit } from '../../tokens/edit.ts';
import type { Mint, Minted } from '../../tokens/mint.ts';
import { scopesNow } from '../../tokens/now.ts';
import type { TokenQueries } from '../../tokens/query.ts';
import type { Revoke } from '../../tokens/revoke.ts';
import type { Verifier } from '../../tokens/verify.ts';
import { type Answer, answer, forbidden, refused } from './answer.ts';
import { moment } from './moment.ts';
import { presentOneToken, presentToken } from './present.ts';
import {
  checked,
  integer,
  list,
  nullableOrAbsent,
  object,
  optional,
  optionalOrNull,
  text,
  valueFault,
} from './reader.ts';
import { gafaelfawrRoute } from './route.ts';
import { NewToken, Token } from './shapes.ts';
import { group, scopes, tokenKey, tokenName, tokenType, username } from './values.ts';

export interface TokenRouteNeeds {
  readonly authenticate: Authenticate;
  readonly realm: string;
  readonly mint: Mint;
  readonly edit: Edit;
  readonly revoke: Revoke;
  readonly queries: TokenQueries;
  readonly verifier: Verifier;
  readonly counters: Counters;
}

const AdminTokenRequest = checked(
  object({
    username,
    token_type: tokenType,
    token_name: optionalOrNull(tokenName, null),
    scopes: optional(scopes, [] as string[]),
    expires: optionalOrNull(moment, null),
    name: optionalOrNull(text({ min: 1 }), null),
    email: optionalOrNull(text({ min: 1 }), null),
    uid: optionalOrNull(integer(1), null),
    gid: optionalOrNull(integer(1), null),
    groups: optionalOrNull(list(group), null),
  }),
  ({ token_type, token_name }, loc, faults) => {
    const name = [...loc, 'token_name'];
    if (token_type !== 'service' && token_type !== 'user') {
      valueFault(faults, [...loc, 'token_type'], 'token_type must be service or user', token_type);
    } else if (token_type === 'user' && token_name === null) {
      valueFault(faults, name, 'user tokens need a token_name', token_name);
    } else if (token_type === 'service' && token_name !== null) {
      valueFault(faults, name, 'service tokens have no token_name', token_name);
    }
  },
);

const UserTokenRequest = object({
  token_name: tokenName,
  scopes: optional(scopes, [] as string[]),
  expires: optionalOrNull(moment, null),
});

const TokenChange = object({
  token_name: optionalOrNull(tokenName, undefined),
  scopes: optionalOrNull(scopes, undefined),
  expires: nullableOrAbsent(moment),
});

export function tokenRoutes(app: FastifyInstance, needs: TokenRouteNeeds): void {
  const { mint, edit, revoke, queries, verifier, counters } = needs;

  function created({ record, dotted }: Minted): Answer {
    counters.minted++;
    return answer({ token: dotted.reveal() }, 201, {
      location: `/auth/api/v1/users/${record.username}/tokens/${record.id}`,
    });
  }

  gafaelfawrRoute(app, needs, {
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Create a token for anybody (administrators)',
    description: 'Service tokens for names that begin with bot-, user tokens for any name.',
    body: AdminTokenRequest,
    response: NewToken,
    status: 201,
    scope: ADMIN_SCOPE,
    allowBootstrap: true,
    async handle({ body, caller }) {
      const wanted = {
        scopes: body.scopes,
        expiresAt: body.expires,
        userInfo: givenInfo(body),
      };
      if (body.token_type === 'user') {
        const minted = await mint.userToken(caller.actor, {
          ...wanted,
          owner: body.username,
          name: body.token_name ?? '',
          asGrant: true,
        });
        return minted.ok ? created(minted.value) : refused(minted.error);
      }
      const minted = await mint.serviceToken(caller.actor, { ...wanted, username: body.username });
      if (minted.ok) return created(minted.value);
      const { code, fields } = minted.error;
      const isBadName = code === 'invalid_request' && fields?.[0]?.field === 'username';
      return isBadName
        ? forbidden('Service tokens are for names that begin with bot-')
        : refused(minted.error);
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/users/:username/tokens',
    summary: "List a user's tokens, newest first",
    params: { username },
    response: z.array(Token),
    async handle({ params, caller }) {
      const found = await queries.list(caller.actor, { username: params.username, includeSwept: false });
      if (!found.ok) return refused(found.error);
      const shown: unknown[] = [];
      for (const record of found.value) shown.push(presentToken(record, await scopesNow(verifier, record)));
      return answer(shown);
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'POST',
    path: '/api/v1/users/:username/tokens',
    summary: 'Create a personal token of one’s own',
    params: { username },
    body: UserTokenRequest,
    response: NewToken,
    status: 201,
    async handle({ params, body, caller: { actor, verified } }) {
      if (actor.username !== params.username) {
        return forbidden(`'${actor.username}' may not create tokens here: these are made by their own users`);
      }
      const minted = await mint.userToken(actor, {
        owner: params.username,
        name: body.token_name,
        scopes: body.scopes,
        expiresAt: body.expires,
        userInfo: verified?.token.record.userInfo ?? null,
      });
      return minted.ok ? created(minted.value) : refused(minted.error);
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/users/:username/tokens/:key',
    summary: 'Show a token',
    params: { username, key: tokenKey },
    response: Token,
    async handle({ params, caller }) {
      const found = await queries.liveOneOf(caller.actor, params.username, params.key);
      if (!found.ok) return refused(found.error);
      return answer(presentOneToken(found.value, await scopesNow(verifier, found.value)));
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'PATCH',
    path: '/api/v1/users/:username/tokens/:key',
    summary: 'Change a personal token (administrators)',
    description: 'What is left out stays. Null keeps name and scopes; as `expires` it means never.',
    params: { username, key: tokenKey },
    body: TokenChange,
    response: Token,
    scope: ADMIN_SCOPE,
    async handle({ params, body, caller }) {
      const found = await queries.liveOneOf(caller.actor, params.username, params.key);
      if (!found.ok) return refused(found.error);
      const edited = await edit.edit(caller.actor, params.key, {
        ...(body.token_name === undefined ? {} : { name: body.token_name }),
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
        ...(body.expires === undefined ? {} : { expiresAt: body.expires }),
      });
      if (!edited.ok) return refused(edited.error);
      return answer(presentToken(edited.value, await scopesNow(verifier, edited.value)));
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'DELETE',
    path: '/api/v1/users/:username/tokens/:key',
    summary: 'Revoke a token and all that was made from it',
    params: { username, key: tokenKey },
    status: 204,
    async handle({ params, caller }) {
      const found = await queries.liveOneOf(caller.actor, params.username, params.key);
      if (!found.ok) return refused(found.error);
      const revoked = await revoke.byId(caller.actor, params.key);
      if (!revoked.ok) return refused(revoked.error);
      counters.revoked += revoked.value.length;
      return { status: 204 };
    },
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/token-info',
    summary: 'Show the token presented',
    response: Token,
    async handle({ caller: { actor, verified } }) {
      const record = verified?.token.record;
      return record === undefined
        ? forbidden('The bootstrap token is not a stored one')
        : answer(presentOneToken(record, [...actor.scopes].sort()));
    },
  });
}

/** Null when nothing was said about the person. */
function givenInfo(said: UserInfo): UserInfo | null {
  const { name, email, uid, gid, groups } = said;
  const info = { name, email, uid, gid, groups };
  return Object.values(info).every((value) => value === null) ? null : { ...NO_USER_INFO, ...info };
}
