import { z } from 'zod';
import { durationSeconds } from '../../../base/duration.ts';
import { Duration } from '../../../wire/common.ts';

/** Forms of the OAuth endpoints (RFC 6749 section 3.2: unknown parameters are ignored, none may be repeated). */
// A token read from a file comes with the line's end.
const text = z.string().trim().min(1, 'must not be empty');
const client = { client_id: z.string().optional(), client_secret: z.string().optional() };

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

export const ExchangeForm = z
  .object({
    grant_type: text,
    subject_token: text,
    subject_token_type: text,
    requested_token_type: z.string().optional(),
    scope: z.string().optional(),
    audience: z.string().max(200).optional(),
    lifetime: Duration.refine((text) => durationSeconds(text) > 0, 'must be at least 1s').optional(),
    ...client,
  })
  .meta({ id: 'TokenExchangeForm' });

export const TokenForm = z
  .object({ token: text, token_type_hint: z.string().optional(), ...client })
  .meta({ id: 'TokenForm' });
