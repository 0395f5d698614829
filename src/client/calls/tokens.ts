import type {
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
} from '../../wire/tokens.ts';
import { eachItem, segment } from '../pages.ts';
import type { Transport } from '../transport.ts';

/** The query as a program writes it: numbers are numbers. */
export type TokenFilter = Omit<TokenQuery, 'limit'> & { readonly limit?: number };

export function tokenCalls(transport: Transport) {
  const page = (query: TokenFilter = {}) => transport.call<TokenList>('GET', '/api/v1/tokens', { query });
  const at = (id: string) => `/api/v1/tokens/${segment(id)}`;
  return {
    /** Mints a personal token; the secret is in `token`, this one time. */
    create: (request: CreateToken) => transport.call<NewToken>('POST', '/api/v1/tokens', { json: request }),
    /** Mints a token of a bot, which is made if it is new; administrators only. */
    createService: (request: CreateServiceToken) =>
      transport.call<NewToken>('POST', '/api/v1/service-tokens', { json: request }),
    /** Every token the query matches, page after page: `for await (const token of tessera.tokens.list())`. */
    list: (query: TokenFilter = {}) => eachItem<Token>((cursor) => page({ ...query, cursor }), query.cursor),
    page,
    get: (id: string) => transport.call<TokenDetail>('GET', at(id)),
    update: (id: string, change: ChangeToken) => transport.call<Token>('PATCH', at(id), { json: change }),
    /** Revokes the token and all that were made from it; answers their ids. */
    revoke: (id: string) => transport.call<RevokedTokens>('DELETE', at(id)),
    history: (id: string) => transport.call<TokenHistory>('GET', `${at(id)}/history`),
  };
}
