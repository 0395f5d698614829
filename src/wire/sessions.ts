import { z } from 'zod';
import { SIGN_IN_CHECKS } from '../base/sign-in-check.ts';
import { Timestamp, TokenId, Username } from './common.ts';
import { User } from './people.ts';
import { Token } from './tokens.ts';

export const SetupState = z
  .object({ open: z.boolean().meta({ description: 'No administrator exists yet' }) })
  .meta({ id: 'SetupState' });
export type SetupState = z.infer<typeof SetupState>;

const Delivery = z.enum(['token', 'cookie']).default('token').meta({
  description: "'token' answers with the session token; 'cookie' sets it as a cookie scripts cannot read",
});

export const FirstAdministrator = z
  .strictObject({
    username: Username,
    password: z.string().max(1000),
    name: z.string().max(200).optional(),
    delivery: Delivery,
  })
  .meta({ id: 'FirstAdministrator' });
export type FirstAdministrator = z.input<typeof FirstAdministrator>;

export const SignIn = z
  .strictObject({
    username: z.string().min(1).max(64),
    password: z.string().min(1).max(1000),
    delivery: Delivery,
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.input<typeof SignIn>;

export const Session = z
  .object({
    username: Username,
    expires_at: Timestamp.nullable(),
    token: z.string().optional().meta({ description: "With delivery 'token': the session token" }),
    csrf_token: z
      .string()
      .optional()
      .meta({ description: "With delivery 'cookie': to be sent as X-CSRF-Token with every change" }),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const Me = z
  .object({
    username: Username,
    kind: z.enum(['user', 'bot', 'bootstrap', 'internal']),
    scopes: z.array(z.string()),
    roles: z.array(z.string()),
    token: Token.nullable(),
    user: User.nullable(),
    csrf_token: z
      .string()
      .nullable()
      .meta({ description: 'Set when the request came with the session cookie' }),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof Me>;

export const SignInMethods = z
  .object({
    password: z.boolean(),
    provider: z
      .object({
        label: z.string().meta({ description: 'What the button says' }),
        login_path: z.string().meta({ description: 'Where the button leads; takes return_to' }),
      })
      .nullable()
      .meta({ description: 'OpenID Connect; null when none is configured' }),
  })
  .meta({ id: 'SignInMethods' });
export type SignInMethods = z.infer<typeof SignInMethods>;

/** The check that ended a sign-in with the provider: what the sign-in page finds as `refused` in its address. */
export const SignInCheck = z.enum(SIGN_IN_CHECKS);
export type SignInCheck = z.infer<typeof SignInCheck>;

export const BeginSignIn = z.strictObject({
  return_to: z.string().max(2000).optional().meta({
    description: 'Where to go afterwards: a path here, or an address on this host. Anything else is /',
  }),
});

/** As the provider sends it (RFC 6749 section 4.1.2); it may add what it likes. */
export const EndSignIn = z.looseObject({ state: z.string().max(200).optional() });

export const ExchangedToken = z
  .object({
    access_token: z.string(),
    issued_token_type: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int(),
    scope: z.string(),
  })
  .meta({ id: 'ExchangedToken' });
export type ExchangedToken = z.infer<typeof ExchangedToken>;

export const RevokedList = z
  .object({
    generated_at: Timestamp,
    max_jwt_lifetime: z.int().meta({ description: 'Seconds; entries older than this are left out' }),
    revoked: z.array(z.object({ tid: TokenId, at: Timestamp })),
  })
  .meta({ id: 'RevokedList' });
