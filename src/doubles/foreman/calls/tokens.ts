import { createHash } from 'node:crypto';
import { type Answer, done, invalid, notFound, unprocessable } from '../answer.ts';
import { type AccessToken, type User, viewTime } from '../state.ts';
import { type Call, type CallContext, may } from './call.ts';
import { listAnswer } from './listing.ts';

const LIST = '/users/:user_id/personal_access_tokens';
const ONE = `${LIST}/:id`;
const FIELDS = { known: ['name', 'user_id'], byDefault: ['name'] };

/** Only the leading number counts: `7-danielt` is user 7, `danielt` nobody. */
const parentId = ({ inPath }: CallContext): number => Number.parseInt(inPath.user_id ?? '', 10);

const isSelf = (context: CallContext): boolean => parentId(context) === context.user.id;

function parent(context: CallContext): User | Answer {
  const user = context.foreman.users.get(parentId(context));
  return user ?? unprocessable(`Couldn't find User with 'id'=${context.inPath.user_id}`);
}

/** Own tokens pass the gate without a permission; what comes behind it asks for one after all. */
const gate =
  (permission: string): NonNullable<Call['needs']> =>
  (context) =>
    isSelf(context) ? undefined : [permission];

/** A caller needs two permissions to see a row, its own rows included. */
function visible(context: CallContext): AccessToken[] {
  if (!may(context, 'view_personal_access_tokens') || !may(context, 'view_users')) return [];
  return [...context.foreman.tokens.values()].filter((token) => token.userId === parentId(context));
}

function isActive(context: CallContext, token: AccessToken): boolean {
  return !token.revoked && (token.expiresAtMs === null || token.expiresAtMs > context.foreman.clock());
}

function present(context: CallContext, token: AccessToken): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    user_id: token.userId,
    expires_at: viewTime(token.expiresAtMs),
    // written on each use and rolled back again in this release
    last_used_at: null,
    created_at: viewTime(token.createdAtMs),
    updated_at: viewTime(token.updatedAtMs),
    'active?': isActive(context, token),
  };
}

/** Has the shape of the stored bcrypt hash, salt of the user's id included, without its cost. */
function storedHash(token: AccessToken): string {
  const salt = createHash('sha1').update(String(token.userId)).digest('hex').slice(0, 21);
  const digest = createHash('sha256').update(`${salt}${token.secret}`).digest('base64');
  return `$2a$05$${salt}${digest.replace(/[+=]/g, '.').slice(0, 32)}`;
}

function list(context: CallContext): Answer {
  const owner = parent(context);
  if ('status' in owner) return owner;
  return listAnswer(context, {
    rows: visible(context),
    fields: FIELDS,
    valueOf: (token) => (field) => (field === 'name' ? token.name : String(token.userId)),
    present: (token) => present(context, token),
    createPermission: 'create_personal_access_tokens',
  });
}

function show(context: CallContext): Answer {
  const owner = parent(context);
  if ('status' in owner) return owner;
  const id = context.inPath.id ?? '';
  const token = visible(context).find((one) => one.id === Number.parseInt(id, 10));
  return token === undefined ? notFound('personal_access_token', id) : done(present(context, token));
}

/** Times that cannot be read become "never", and times in the past are taken: neither is an error here. */
function expiry(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return null;
  const hasZone = /([zZ]|[+-]\d{2}:?\d{2}|UTC)$/.test(value);
  const bare = /^\d{4}-\d{2}-\d{2}$/.test(value);
  const text = bare ? `${value}T00:00:00Z` : hasZone ? value : `${value.replace(' ', 'T')}Z`;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function create(context: CallContext): Answer {
  const { foreman, body } = context;
  const owner = parent(context);
  if ('status' in owner) return owner;
  const wrapped = body.personal_access_token;
  const fields = (typeof wrapped === 'object' && wrapped !== null ? wrapped : body) as Record<
    string,
    unknown
  >;
  if (!may(context, 'create_personal_access_tokens'))
    return invalid({
      base: [
        "You don't have permission create_personal_access_tokens with attributes that you have specified or you don't have access to specified organizations, locations",
      ],
    });
  const name = fields.name === undefined || fields.name === null ? '' : String(fields.name);
  if (name.trim() === '') return invalid({ name: ["can't be blank"] });
  const taken = [...foreman.tokens.values()].some(
    (token) => token.userId === owner.id && token.name === name,
  );
  if (taken) return invalid({ name: ['has already been taken'] });
  const nowMs = foreman.clock();
  const token: AccessToken = {
    id: Math.max(0, ...foreman.tokens.keys()) + 1,
    userId: owner.id,
    name,
    secret: foreman.random(16).toString('base64url'),
    expiresAtMs: expiry(fields.expires_at),
    revoked: false,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  foreman.tokens.set(token.id, token);
  return done({ ...present(context, token), token_value: token.secret }, 201);
}

/** Marks as revoked and shows the stored hash; for anybody but an administrator the token is never found. */
function revoke(context: CallContext): Answer {
  const { foreman, user, inPath } = context;
  const owner = parent(context);
  if ('status' in owner) return owner;
  const token = foreman.tokens.get(Number.parseInt(inPath.id ?? '', 10));
  if (!user.admin || token === undefined || token.userId !== owner.id)
    return notFound('personal_access_token', inPath.id ?? '');
  token.revoked = true;
  token.updatedAtMs = foreman.clock();
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return done({
    id: token.id,
    token: storedHash(token),
    name: token.name,
    expires_at: iso(token.expiresAtMs),
    last_used_at: null,
    revoked: true,
    user_id: token.userId,
    created_at: iso(token.createdAtMs),
    updated_at: iso(token.updatedAtMs),
  });
}

export function tokenCalls(): Call[] {
  const resource = 'personal_access_tokens';
  return [
    {
      method: 'GET',
      path: LIST,
      resource,
      action: 'index',
      needs: gate('view_personal_access_tokens'),
      answer: list,
    },
    {
      method: 'GET',
      path: ONE,
      resource,
      action: 'show',
      needs: gate('view_personal_access_tokens'),
      answer: show,
    },
    {
      method: 'POST',
      path: LIST,
      resource,
      action: 'create',
      needs: gate('create_personal_access_tokens'),
      answer: create,
    },
    {
      method: 'DELETE',
      path: ONE,
      resource,
      action: 'destroy',
      needs: gate('revoke_personal_access_tokens'),
      answer: revoke,
    },
  ];
}
