import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Actor } from '../../access/principal.ts';
import { ADMIN_SCOPE } from '../../access/scopes.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import type { HistoryPage, HistoryWish, TokenQueries } from '../../tokens/query.ts';
import type { HistoryFilter, HistoryPlace } from '../../tokens/store.ts';
import { type Answer, answer, refusal, refused } from './answer.ts';
import { moment } from './moment.ts';
import { addressFilter } from './network.ts';
import { presentHistory } from './present.ts';
import { integer, optional, text, type Values } from './reader.ts';
import { gafaelfawrRoute, searchOf } from './route.ts';
import { HistoryEntry } from './shapes.ts';
import { actor, cursor, tokenKey, tokenType, username } from './values.ts';

export interface HistoryRouteNeeds {
  readonly authenticate: Authenticate;
  readonly realm: string;
  readonly queries: TokenQueries;
  /** Scheme and host of the links between pages. */
  readonly publicUrl: string;
}

const FILTERS = {
  cursor: optional(cursor, undefined),
  limit: optional(integer(1), undefined),
  since: optional(moment, undefined),
  until: optional(moment, undefined),
  key: optional(tokenKey, undefined),
  token_type: optional(tokenType, undefined),
  ip_address: optional(text(), undefined),
};

type Filters = Values<typeof FILTERS>;

export function historyRoutes(app: FastifyInstance, needs: HistoryRouteNeeds): void {
  const { queries, publicUrl } = needs;

  async function listing(
    request: FastifyRequest,
    asker: Actor,
    query: Filters,
    more: Pick<HistoryFilter, 'username' | 'actor'>,
  ): Promise<Answer> {
    const filter = filterOf(query);
    if (filter === null) {
      const msg = `'${query.ip_address}' is neither an address nor a network`;
      return refusal(422, 'invalid_ip_address', msg, ['query', 'ip_address']);
    }
    const wish = wishOf(query);
    if (wish === null) {
      return refusal(422, 'invalid_cursor', `'${query.cursor}' cannot be used`, ['query', 'cursor']);
    }
    const page = await queries.historyPage(asker, { ...filter, ...more }, wish);
    if (!page.ok) return refused(page.error);
    const headers = query.limit === undefined ? {} : pagingHeaders(request, publicUrl, page.value);
    return answer(page.value.entries.map(presentHistory), 200, headers);
  }

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/history/token-changes',
    summary: 'What happened to all tokens (administrators)',
    query: { ...FILTERS, username: optional(username, undefined), actor: optional(actor, undefined) },
    response: z.array(HistoryEntry),
    scope: ADMIN_SCOPE,
    allowBootstrap: true,
    handle: ({ query, caller, request }) =>
      listing(request, caller.actor, query, {
        ...(query.username === undefined ? {} : { username: query.username }),
        ...(query.actor === undefined ? {} : { actor: query.actor }),
      }),
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/users/:username/token-change-history',
    summary: "What happened to a user's tokens",
    params: { username },
    query: FILTERS,
    response: z.array(HistoryEntry),
    handle: ({ params, query, caller, request }) => listing(request, caller.actor, query, params),
  });

  gafaelfawrRoute(app, needs, {
    method: 'GET',
    path: '/api/v1/users/:username/tokens/:key/change-history',
    summary: 'What happened to a token and to those made from it',
    params: { username, key: tokenKey },
    response: z.array(HistoryEntry),
    async handle({ params, caller }) {
      const found = await queries.history(caller.actor, {
        username: params.username,
        tokenIdOrParent: params.key,
      });
      if (!found.ok) return refused(found.error);
      if (found.value.length === 0) {
        return refusal(404, 'not_found', `There is no token '${params.key}'`, ['path', 'key']);
      }
      return answer(found.value.map(presentHistory));
    },
  });
}

/** Null when the address cannot be understood. */
function filterOf({ since, until, key, token_type, ip_address }: Filters): HistoryFilter | null {
  const addresses = ip_address === undefined ? undefined : addressFilter(ip_address);
  if (addresses === null) return null;
  return {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(key === undefined ? {} : { tokenIdOrParent: key }),
    ...(token_type === undefined ? {} : { type: token_type }),
    ...(addresses === undefined ? {} : { addresses }),
  };
}

/** Null when the cursor leads nowhere. */
function wishOf({ cursor: from, limit }: Filters): HistoryWish | null {
  const size = limit === undefined ? {} : { limit };
  if (from === undefined) return size;
  const upwards = from.startsWith('p');
  const [at = Number.NaN, row = Number.NaN] = from
    .slice(upwards ? 1 : 0)
    .split('_')
    .map(Number);
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(row)) return null;
  return { ...size, from: { place: { at, row }, towards: upwards ? 'newer' : 'older' } };
}

function pagingHeaders(
  request: FastifyRequest,
  publicUrl: string,
  { total, next, previous }: HistoryPage,
): Record<string, string> {
  const path = request.url.split('?', 1)[0] ?? '';
  const link = (relation: string, at: string | null): string => {
    const search = searchOf(request);
    search.delete('cursor');
    if (at !== null) search.set('cursor', at);
    return `<${publicUrl}${path}?${search}>; rel="${relation}"`;
  };
  const links = [link('first', null)];
  if (next !== null) links.push(link('next', cursorText(next)));
  if (previous !== null) links.push(link('prev', `p${cursorText(previous)}`));
  return { link: links.join(', '), 'x-total-count': String(total) };
}

const cursorText = ({ at, row }: HistoryPlace): string => `${at}_${row}`;
