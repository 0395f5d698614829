import { z } from 'zod';
import { Duration, listOf, Moment, Page, Timestamp, TokenId, Username } from './common.ts';

export const TokenType = z.enum(['session', 'user', 'service', 'internal', 'notebook']);
export const TokenState = z.enum(['active', 'expired', 'revoked']);

export const Token = z
  .object({
    id: TokenId,
    username: Username,
    type: TokenType,
    state: TokenState,
    name: z.string().nullable(),
    description: z.string(),
    roles: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Roles pinned at creation; null: all the owner holds' }),
    scopes: z
      .array(z.string())
      .nullable()
      .meta({ description: 'Scopes pinned at creation; null: all that its roles give' }),
    service: z.string().nullable(),
    parent: TokenId.nullable(),
    created_at: Timestamp,
    created_by: z.string(),
    expires_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    revoked_by: z.string().nullable(),
    last_used_at: Timestamp.nullable(),
    last_used_address: z.string().nullable(),
    last_used_on: z.string().nullable(),
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof Token>;

export const TokenDetail = Token.extend({
  effective_scopes: z
    .array(z.string())
    .meta({ description: 'What the token allows at this moment; empty when it is dead' }),
  children: z
    .array(TokenId)
    .meta({ description: 'Live tokens made from this one; revoked together with it' }),
}).meta({ id: 'TokenDetail' });
export type TokenDetail = z.infer<typeof TokenDetail>;

const Expiry = {
  expires_at: Moment.nullable()
    .optional()
    .meta({ description: 'End of life; null for never, where that is allowed' }),
  expires_in: Duration.optional().meta({ description: 'Instead of expires_at' }),
};

export const CreateToken = z
  .strictObject({
    name: z.string().min(1).max(64).meta({ example: 'ci' }),
    description: z.string().max(500).optional(),
    user: Username.optional().meta({ description: 'For somebody else; administrators only' }),
    roles: z.array(z.string().max(64)).max(100).optional(),
    scopes: z.array(z.string().max(128)).max(200).optional(),
    ...Expiry,
  })
  .meta({ id: 'CreateToken' });
export type CreateToken = z.input<typeof CreateToken>;

export const CreateServiceToken = z
  .strictObject({
    username: Username.meta({ example: 'bot-metrics' }),
    scopes: z.array(z.string().max(128)).max(200),
    description: z.string().max(500).optional(),
    ...Expiry,
  })
  .meta({ id: 'CreateServiceToken' });
export type CreateServiceToken = z.input<typeof CreateServiceToken>;

export const NewToken = z
  .object({
    token: z.string().meta({ description: 'The secret, shown this one time' }),
    details: Token,
  })
  .meta({ id: 'NewToken' });
export type NewToken = z.infer<typeof NewToken>;

export const ChangeToken = z
  .strictObject({
    name: z.string().min(1).max(64).optional(),
    description: z.string().max(500).optional(),
    scopes: z.array(z.string().max(128)).max(200).optional(),
    ...Expiry,
  })
  .meta({ id: 'ChangeToken' });
export type ChangeToken = z.input<typeof ChangeToken>;

export const TokenQuery = Page.extend({
  user: z.string().max(64).optional().meta({ description: "Whose; '*' for everybody's. Default: your own" }),
  type: TokenType.optional(),
  state: z.enum(['active', 'expired', 'revoked', 'all']).default('active'),
  search: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'Part of the name, description or id, or a scope' }),
});
export type TokenQuery = z.input<typeof TokenQuery>;

export const TokenList = listOf(Token).meta({ id: 'TokenList' });
export type TokenList = z.infer<typeof TokenList>;

export const RevokedTokens = z
  .object({ revoked: z.array(TokenId).meta({ description: 'The token and everything made from it' }) })
  .meta({ id: 'RevokedTokens' });
export type RevokedTokens = z.infer<typeof RevokedTokens>;

export const TokenChange = z
  .object({
    at: Timestamp,
    action: z.enum(['create', 'edit', 'revoke', 'expire']),
    token: TokenId,
    actor: z.string(),
    address: z.string().nullable(),
    name: z.string().nullable(),
    scopes: z.array(z.string()),
    expires_at: Timestamp.nullable(),
    old_name: z.string().nullable().optional(),
    old_scopes: z.array(z.string()).optional(),
    old_expires_at: Timestamp.nullable().optional(),
  })
  .meta({ id: 'TokenChange' });
export const TokenHistory = z.object({ items: z.array(TokenChange) }).meta({ id: 'TokenHistory' });
export type TokenHistory = z.infer<typeof TokenHistory>;
