import { z } from 'zod';

/** Bodies, queries and answers of the OSMO protocol, as its command line sends and reads them. */

export const OsmoError = z
  .object({
    message: z.string(),
    error_code: z.string(),
    workflow_id: z.string().nullable(),
  })
  .meta({ id: 'OsmoError' });

export const Done = z.null().meta({ description: 'Done; there is nothing to say' });

export const TokenPath = z.object({ name: z.string() });
export const UserPath = z.object({ user: z.string() });
export const UserTokenPath = z.object({ user: z.string(), name: z.string() });
export const UserRolePath = z.object({ user: z.string(), role: z.string() });
export const RolePath = z.object({ role: z.string() });

/** A key that may stand several times: once is a list of one. */
const Repeated = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => (typeof value === 'string' ? [value] : (value ?? [])))
  .meta({ description: 'May be repeated' });

export const NewTokenQuery = z.object({
  expires_at: z.string().meta({
    description: 'First day on which the token is dead: YYYY-MM-DD, in UTC',
    example: '2027-01-01',
  }),
  description: z.string().default(''),
  roles: Repeated,
});
export type NewTokenQuery = z.output<typeof NewTokenQuery>;

export const TokenSecret = z
  .string()
  .meta({ description: 'The secret, shown this one time, as a bare JSON string' });

export const ListedToken = z
  .object({
    user_name: z.string(),
    token_name: z.string(),
    expires_at: z.string(),
    description: z.string(),
    roles: z.array(z.string()),
  })
  .meta({ id: 'OsmoToken' });
export const TokenList = z.array(ListedToken);

export const Assignment = z
  .object({ role_name: z.string(), assigned_by: z.string(), assigned_at: z.string() })
  .meta({ id: 'OsmoAssignment' });

export const TokenRoles = z.object({
  user_name: z.string(),
  token_name: z.string(),
  roles: z.array(Assignment),
});

export const User = z
  .object({ id: z.string(), created_at: z.string().nullable(), created_by: z.string().nullable() })
  .meta({ id: 'OsmoUser' });
export const UserWithRoles = User.extend({ roles: z.array(Assignment) }).meta({ id: 'OsmoUserWithRoles' });

const MOST_AT_ONCE = 1000;

export const UserQuery = z.object({
  start_index: z.coerce.number().int().min(1).default(1),
  count: z.coerce.number().int().min(1).max(MOST_AT_ONCE).default(100),
  id_prefix: z.string().optional(),
  roles: Repeated,
});
export const UserList = z.object({
  total_results: z.int(),
  start_index: z.int(),
  items_per_page: z.int(),
  users: z.array(User),
});

export const NewUser = z
  .object({ id: z.string(), roles: z.array(z.string()).nullish() })
  .meta({ id: 'OsmoNewUser' });

export const UserRoles = z.object({ user_id: z.string(), roles: z.array(Assignment) });
export const NewAssignment = z.object({ role_name: z.string() }).meta({ id: 'OsmoNewAssignment' });
export const AssignedRole = Assignment.extend({ user_id: z.string() }).meta({ id: 'OsmoAssignedRole' });

const Holder = z.object({ user_id: z.string(), assigned_by: z.string(), assigned_at: z.string() });
export const RoleHolders = z.object({ role_name: z.string(), users: z.array(Holder) });
export const NewHolders = z
  .object({ user_ids: z.array(z.string()).max(MOST_AT_ONCE) })
  .meta({ id: 'OsmoNewHolders' });
export const AssignedUsers = z.object({
  role_name: z.string(),
  assigned: z.array(z.string()),
  already_assigned: z.array(z.string()),
  failed: z.array(z.string()),
});

export const LoginInfo = z
  .object({
    device_endpoint: z.string().nullable(),
    device_client_id: z.string().nullable(),
    browser_endpoint: z.string().nullable(),
    browser_client_id: z.string().nullable(),
    token_endpoint: z.string().nullable(),
    logout_endpoint: z.string().nullable(),
  })
  .meta({ id: 'OsmoLoginInfo' });

export const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

export const ExchangeBody = z.object({ token: z.string() }).meta({ id: 'OsmoExchange' });
export const ExchangeAnswer = z.object({ token: z.string(), expires_at: z.int() });

export const GrantForm = z
  .object({
    grant_type: z.string(),
    username: z.string().optional(),
    password: z.string().optional(),
    refresh_token: z.string().optional(),
    client_id: z.string().optional(),
    scope: z.string().optional(),
  })
  .meta({ id: 'OsmoGrantForm' });
/** The standard's members beside the protocol's own. */
export const GrantRefusal = OsmoError.extend({ error: z.string(), error_description: z.string() }).meta({
  id: 'OsmoGrantRefusal',
});
export const GrantAnswer = z.object({
  id_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
});

export const Version = z.object({
  major: z.string(),
  minor: z.string(),
  revision: z.string(),
  hash: z.string(),
});

export const Profile = z.object({
  profile: z.object({
    username: z.string(),
    email_notification: z.boolean(),
    slack_notification: z.boolean(),
    pool: z.string().nullable(),
  }),
  roles: z.array(z.string()),
  pools: z.array(z.string()),
  token: z.object({ name: z.string(), expires_at: z.string() }).nullable(),
});
