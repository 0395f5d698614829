import type { Kysely } from 'kysely';
import type { Identity } from '../access/identity.ts';
import type { UserInfo } from '../base/user-info.ts';
import type { PrincipalRow, Tables } from './schema.ts';

export const principalColumns = [
  'username',
  'kind',
  'full_name',
  'email',
  'uid',
  'gid',
  'groups',
  'disabled',
  'created_at',
  'created_by',
] as const;

export async function nameIsTaken(db: Kysely<Tables>, username: string): Promise<boolean> {
  const row = await db
    .selectFrom('principals')
    .select('username')
    .where('username_lower', '=', username.toLowerCase())
    .executeTakeFirst();
  return row !== undefined;
}

export async function passwordHash(db: Kysely<Tables>, username: string): Promise<string | null> {
  const row = await db
    .selectFrom('principals')
    .select('password_hash')
    .where('username', '=', username)
    .executeTakeFirst();
  return row?.password_hash ?? null;
}

export const identityColumns = (identity: Identity | null): Pick<PrincipalRow, 'issuer' | 'subject'> => ({
  issuer: identity?.issuer ?? null,
  subject: identity?.subject ?? null,
});

export const identityOf = ({ issuer, subject }: Pick<PrincipalRow, 'issuer' | 'subject'>): Identity | null =>
  issuer === null || subject === null ? null : { issuer, subject };

export async function identity(db: Kysely<Tables>, username: string): Promise<Identity | null> {
  const row = await db
    .selectFrom('principals')
    .select(['issuer', 'subject'])
    .where('username', '=', username)
    .executeTakeFirst();
  return row === undefined ? null : identityOf(row);
}

export function userInfoOf(
  row: Pick<PrincipalRow, 'full_name' | 'email' | 'uid' | 'gid' | 'groups'>,
): UserInfo {
  return {
    name: row.full_name,
    email: row.email,
    uid: row.uid,
    gid: row.gid,
    groups: row.groups === null ? null : (JSON.parse(row.groups) as NonNullable<UserInfo['groups']>),
  };
}

export function userInfoColumns(
  info: UserInfo,
): Pick<PrincipalRow, 'full_name' | 'email' | 'uid' | 'gid' | 'groups'> {
  return {
    full_name: info.name,
    email: info.email,
    uid: info.uid,
    gid: info.gid,
    groups: info.groups === null ? null : JSON.stringify(info.groups),
  };
}

interface NewRow {
  readonly username: string;
  readonly kind: string;
  readonly userInfo: UserInfo;
  readonly passwordHash: string | null;
  readonly identity?: Identity;
  readonly createdAt: number;
  readonly createdBy: string;
}

export function principalInsert(principal: NewRow): PrincipalRow {
  return {
    username: principal.username,
    username_lower: principal.username.toLowerCase(),
    kind: principal.kind,
    ...userInfoColumns(principal.userInfo),
    password_hash: principal.passwordHash,
    disabled: 0,
    created_at: principal.createdAt,
    created_by: principal.createdBy,
    ...identityColumns(principal.identity ?? null),
  };
}
