import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Clock, seconds } from '../../../base/clock.ts';
import { fieldFault } from '../../../base/fault.ts';
import { err, ok } from '../../../base/result.ts';
import type { Edit } from '../../../tokens/edit.ts';
import { LIFETIME_DEFAULT } from '../../../tokens/lifetime.ts';
import type { Mint, Minted } from '../../../tokens/mint.ts';
import type { TokenQueries } from '../../../tokens/query.ts';
import { tokenState } from '../../../tokens/record.ts';
import type { Revoke } from '../../../tokens/revoke.ts';
import type { TokenStore } from '../../../tokens/store.ts';
import type { Verifier } from '../../../tokens/verify.ts';
import { TokenId } from '../../../wire/common.ts';
import {
  ChangeToken,
  CreateServiceToken,
  CreateToken,
  NewToken,
  RevokedTokens,
  Token,
  TokenDetail,
  TokenHistory,
  TokenList,
  TokenQuery,
} from '../../../wire/tokens.ts';
import type { Authenticate } from '../../authenticate.ts';
import { readExpiry } from '../../expiry.ts';
import type { Counters } from '../../metrics.ts';
import { presentToken, timestamp, timestampOrNull } from '../../present.ts';
import { route } from '../../route.ts';

export interface TokenRouteNeeds {
  readonly authenticate: Authenticate;
  readonly mint: Mint;
  readonly edit: Edit;
  readonly revoke: Revoke;
  readonly queries: TokenQueries;
  readonly reads: Pick<TokenStore, 'tokens'>;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly counters: Counters;
}

const Id = z.object({ id: TokenId });

export function tokenRoutes(app: FastifyInstance, needs: TokenRouteNeeds): void {
  const { authenticate, mint, edit, revoke, queries, reads, verifier, clock, counters } = needs;
  const tag = 'Tokens';
  const present = (minted: Minted) => {
    counters.minted++;
    return { token: minted.token.reveal(), details: presentToken(minted.record, seconds(clock)) };
  };

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/tokens',
    tag,
    summary: 'Create a personal access token',
    description:
      'Without roles and scopes the token is as wide as the one used to ask. The secret is in the answer and nowhere else. Without an end it lives 31 days.',
    body: CreateToken,
    response: NewToken,
    status: 201,
    faults: ['name_taken', 'insufficient_scope', 'unknown_scope', 'invalid_expiry', 'unknown_user'],
    async handle({ body, caller, reply }) {
      const now = seconds(clock);
      const expiry = readExpiry(body, now);
      if (!expiry.ok) return expiry;
      const owner = body.user ?? caller.actor.username;
      const minted = await mint.userToken(caller.actor, {
        owner,
        name: body.name,
        expiresAt: expiry.value === undefined ? now + LIFETIME_DEFAULT : expiry.value,
        ...(body.description === undefined ? {} : { description: body.description }),
        ...(body.roles === undefined ? {} : { roles: body.roles }),
        ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
      });
      if (!minted.ok) return minted;
      reply.header('location', `/api/v1/tokens/${minted.value.record.id}`);
      return ok(present(minted.value));
    },
  });

  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/service-tokens',
    tag,
    summary: "Create a bot's token",
    description:
      'The bot is made when it does not exist. Without an end the token lives until it is revoked.',
    body: CreateServiceToken,
    response: NewToken,
    status: 201,
    faults: ['insufficient_scope', 'unknown_scope', 'invalid_expiry'],
    async handle({ body, caller, reply }) {
      const expiry = readExpiry(body, seconds(clock));
      if (!expiry.ok) return expiry;
      const minted = await mint.serviceToken(caller.actor, {
        username: body.username,
        scopes: body.scopes,
        expiresAt: expiry.value ?? null,
        ...(body.description === undefined ? {} : { description: body.description }),
      });
      if (!minted.ok) return minted;
      reply.header('location', `/api/v1/tokens/${minted.value.record.id}`);
      return ok(present(minted.value));
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/tokens',
    tag,
    summary: 'List tokens, newest first',
    query: TokenQuery,
    response: TokenList,
    faults: ['insufficient_scope'],
    async handle({ query, caller }) {
      const after =
        query.cursor === undefined ? null : /^(\d{1,12})_([0-9A-Za-z_-]{1,64})$/.exec(query.cursor);
      if (query.cursor !== undefined && after === null) {
        return err(fieldFault('invalid_request', 'cursor', 'is not one that this list gave out'));
      }
      const now = seconds(clock);
      const everybody = query.user === '*';
      const found = await queries.list(caller.actor, {
        ...(everybody ? {} : { username: query.user ?? caller.actor.username }),
        ...(query.type === undefined ? {} : { types: [query.type] }),
        ...(query.search === undefined ? {} : { search: query.search }),
        ...(query.state === 'all' ? {} : { state: query.state, now }),
        includeRevoked: query.state === 'all' || query.state === 'revoked',
        limit: query.limit + 1,
        ...(after === null ? {} : { after: { createdAt: Number(after[1]), id: after[2] ?? '' } }),
      });
      if (!found.ok) return found;
      const page = found.value.slice(0, query.limit);
      const last = page.at(-1);
      return ok({
        items: page.map((record) => presentToken(record, now)),
        next_cursor: found.value.length > query.limit && last ? `${last.createdAt}_${last.id}` : null,
      });
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/tokens/:id',
    tag,
    summary: 'Show one token and what it allows now',
    params: Id,
    response: TokenDetail,
    faults: ['not_found', 'insufficient_scope'],
    async handle({ params, caller }) {
      const found = await queries.one(caller.actor, params.id);
      if (!found.ok) return found;
      const now = seconds(clock);
      const record = found.value;
      const verdict = tokenState(record, now) === 'active' ? await verifier.checkById(record.id) : null;
      const children = await reads.tokens({ parentId: record.id, includeSwept: false });
      return ok({
        ...presentToken(record, now),
        effective_scopes: verdict?.ok ? verifier.effectiveScopes(verdict) : [],
        children: children.filter((child) => tokenState(child, now) === 'active').map((child) => child.id),
      });
    },
  });

  route(app, authenticate, {
    method: 'PATCH',
    path: '/api/v1/tokens/:id',
    tag,
    summary: 'Change a personal access token (administrators)',
    params: Id,
    body: ChangeToken,
    response: Token,
    faults: ['not_found', 'insufficient_scope', 'immutable', 'invalid_expiry', 'unknown_scope'],
    async handle({ params, body, caller }) {
      const expiry = readExpiry(body, seconds(clock));
      if (!expiry.ok) return expiry;
      const { name, description, scopes } = body;
      const edited = await edit.edit(caller.actor, params.id, {
        ...(name === undefined ? {} : { name }),
        ...(description === undefined ? {} : { description }),
        ...(scopes === undefined ? {} : { scopes }),
        ...(expiry.value === undefined ? {} : { expiresAt: expiry.value }),
      });
      return edited.ok ? ok(presentToken(edited.value, seconds(clock))) : edited;
    },
  });

  route(app, authenticate, {
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    tag,
    summary: 'Revoke a token and everything made from it',
    description: 'Refused everywhere within a second.',
    params: Id,
    response: RevokedTokens,
    faults: ['not_found', 'insufficient_scope'],
    async handle({ params, caller }) {
      const revoked = await revoke.byId(caller.actor, params.id);
      if (!revoked.ok) return revoked;
      counters.revoked += revoked.value.length;
      return ok({ revoked: revoked.value.map((record) => record.id) });
    },
  });

  route(app, authenticate, {
    method: 'GET',
    path: '/api/v1/tokens/:id/history',
    tag,
    summary: 'What happened to a token',
    params: Id,
    response: TokenHistory,
    faults: ['not_found', 'insufficient_scope'],
    async handle({ params, caller }) {
      const token = await queries.one(caller.actor, params.id);
      if (!token.ok) return token;
      const found = await queries.history(caller.actor, {
        tokenId: params.id,
        username: token.value.username,
      });
      if (!found.ok) return found;
      return ok({
        items: found.value.map((entry) => ({
          at: timestamp(entry.at),
          action: entry.action,
          token: entry.tokenId,
          actor: entry.actor,
          address: entry.address,
          name: entry.name,
          scopes: [...entry.scopes],
          expires_at: timestampOrNull(entry.expiresAt),
          ...(entry.old.name === undefined ? {} : { old_name: entry.old.name }),
          ...(entry.old.scopes === undefined ? {} : { old_scopes: [...entry.old.scopes] }),
          ...(entry.old.expiresAt === undefined
            ? {}
            : { old_expires_at: timestampOrNull(entry.old.expiresAt) }),
        })),
      });
    },
  });
}
