import { type Kysely, type Selectable, sql } from 'kysely';
import type { UserInfo } from '../base/user-info.ts';
import type {
  HistoryEntry,
  OwnerRecord,
  StoredHistoryEntry,
  TokenRecord,
  TokenType,
} from '../tokens/record.ts';
import type { HistoryFilter, LastUse, TokenFilter, TokenReads, TokenTx } from '../tokens/store.ts';
import { roleTable } from './people.ts';
import {
  identity,
  nameIsTaken,
  passwordHash,
  principalColumns,
  principalInsert,
  userInfoOf,
} from './principals.ts';
import type { HistoryRow, Tables, TokenRow } from './schema.ts';

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
const list = (text: string | null): string[] | null =>
  text === null ? null : (JSON.parse(text) as string[]);

function toRecord(row: Selectable<TokenRow>): TokenRecord {
  return {
    id: row.id,
    secretDigest: row.secret_digest,
    sealedSecret: row.sealed_secret,
    username: row.username,
    type: row.type as TokenType,
    name: row.name,
    description: row.description,
    roles: list(row.roles),
    scopes: list(row.scopes),
    granted: list(row.granted) ?? [],
    service: row.service,
    parentId: row.parent_id,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    sweptAt: row.swept_at,
    lastUsedAt: row.last_used_at,
    lastUsedAddress: row.last_used_address,
    lastUsedRoute: row.last_used_route,
    userInfo: row.user_info === null ? null : (JSON.parse(row.user_info) as UserInfo),
  };
}

/** Column names and values of the fields that are given. */
function toRow(record: Partial<TokenRecord>): Partial<TokenRow> {
  const columns: { [K in keyof TokenRecord]: (value: TokenRecord[K]) => Partial<TokenRow> } = {
    id: (id) => ({ id }),
    secretDigest: (secret_digest) => ({ secret_digest }),
    sealedSecret: (sealed_secret) => ({ sealed_secret }),
    username: (username) => ({ username }),
    type: (type) => ({ type }),
    name: (name) => ({ name }),
    description: (description) => ({ description }),
    roles: (roles) => ({ roles: json(roles) }),
    scopes: (scopes) => ({ scopes: json(scopes) }),
    granted: (granted) => ({ granted: JSON.stringify(granted) }),
    service: (service) => ({ service }),
    parentId: (parent_id) => ({ parent_id }),
    createdAt: (created_at) => ({ created_at }),
    createdBy: (created_by) => ({ created_by }),
    expiresAt: (expires_at) => ({ expires_at }),
    revokedAt: (revoked_at) => ({ revoked_at }),
    revokedBy: (revoked_by) => ({ revoked_by }),
    sweptAt: (swept_at) => ({ swept_at }),
    lastUsedAt: (last_used_at) => ({ last_used_at }),
    lastUsedAddress: (last_used_address) => ({ last_used_address }),
    lastUsedRoute: (last_used_route) => ({ last_used_route }),
    userInfo: (user_info) => ({ user_info: json(user_info) }),
  };
  const row: Partial<TokenRow> = {};
  for (const [key, value] of Object.entries(record)) {
    Object.assign(row, (columns[key as keyof TokenRecord] as (value: unknown) => Partial<TokenRow>)(value));
  }
  return row;
}

function toHistory(row: Selectable<HistoryRow>): StoredHistoryEntry {
  return {
    row: row.seq,
    tokenId: row.token_id,
    username: row.username,
    type: row.type as TokenType,
    name: row.name,
    parentId: row.parent_id,
    service: row.service,
    scopes: list(row.scopes) ?? [],
    expiresAt: row.expires_at,
    actor: row.actor,
    action: row.action as HistoryEntry['action'],
    address: row.address,
    at: row.at,
    old: JSON.parse(row.old) as HistoryEntry['old'],
  };
}

const likePattern = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

function historyRows(db: Kysely<Tables>, filter: HistoryFilter) {
  let query = db.selectFrom('token_history');
  const { username, actor, tokenId, tokenIdOrParent, type, since, until, upTo, newerThan } = filter;
  if (username !== undefined) query = query.where('username', '=', username);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (tokenId !== undefined) query = query.where('token_id', '=', tokenId);
  if (tokenIdOrParent !== undefined) {
    query = query.where((where) =>
      where.or([where('token_id', '=', tokenIdOrParent), where('parent_id', '=', tokenIdOrParent)]),
    );
  }
  if (type !== undefined) query = query.where('type', '=', type);
  if (since !== undefined) query = query.where('at', '>=', since);
  if (until !== undefined) query = query.where('at', '<=', until);
  if (upTo !== undefined) {
    query = query.where((where) =>
      where.or([
        where('at', '<', upTo.at),
        where.and([where('at', '=', upTo.at), where('seq', '<=', upTo.row)]),
      ]),
    );
  }
  if (newerThan !== undefined) {
    query = query.where((where) =>
      where.or([
        where('at', '>', newerThan.at),
        where.and([where('at', '=', newerThan.at), where('seq', '>', newerThan.row)]),
      ]),
    );
  }
  return query;
}

export function tokenReads(db: Kysely<Tables>): TokenReads {
  return {
    async token(id) {
      const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async tokens(filter: TokenFilter) {
      let query = db.selectFrom('tokens').selectAll().orderBy('created_at', 'desc').orderBy('id');
      const { username, name, types, parentId, search, after, state, now = 0 } = filter;
      if (username !== undefined) query = query.where('username', '=', username);
      if (name !== undefined) query = query.where('name', '=', name);
      if (types !== undefined) query = query.where('type', 'in', types);
      if (parentId !== undefined) query = query.where('parent_id', '=', parentId);
      if (!filter.includeRevoked) query = query.where('revoked_at', 'is', null);
      if (filter.includeSwept === false) query = query.where('swept_at', 'is', null);
      if (state === 'revoked') query = query.where('revoked_at', 'is not', null);
      if (state === 'expired') query = query.where('expires_at', '<=', now);
      if (state === 'active') {
        query = query.where((where) =>
          where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]),
        );
      }
      if (search !== undefined) {
        const pattern = likePattern(search);
        query = query.where(
          sql<boolean>`lower(id || ' ' || username || ' ' || coalesce(name, '') || ' ' || description || ' ' ||
            coalesce(scopes, '')) like ${pattern} escape '\\'`,
        );
      }
      if (after !== undefined) {
        query = query.where((where) =>
          where.or([
            where('created_at', '<', after.createdAt),
            where.and([where('created_at', '=', after.createdAt), where('id', '>', after.id)]),
          ]),
        );
      }
      if (filter.limit !== undefined) query = query.limit(filter.limit);
      return (await query.execute()).map(toRecord);
    },

    async owner(username) {
      const row = await db
        .selectFrom('principals')
        .select(principalColumns)
        .where('username', '=', username)
        .executeTakeFirst();
      if (row === undefined) return null;
      const grants = await db
        .selectFrom('role_grants')
        .select('role')
        .where('username', '=', username)
        .execute();
      return {
        username: row.username,
        kind: row.kind as OwnerRecord['kind'],
        disabled: row.disabled === 1,
        roles: grants.map((grant) => grant.role).sort(),
        userInfo: userInfoOf(row),
      };
    },

    roleTable: () => roleTable(db),

    async knownScopes() {
      const rows = await db.selectFrom('scopes').select(['name', 'description']).orderBy('name').execute();
      return new Map(rows.map((row) => [row.name, row.description]));
    },

    async history(filter: HistoryFilter) {
      const { newerThan, limit, addresses } = filter;
      const direction = newerThan === undefined ? 'desc' : 'asc';
      let query = historyRows(db, filter).selectAll().orderBy('at', direction).orderBy('seq', direction);
      // An address is compared here and not by the engine, so the limit counts behind that.
      if (limit !== undefined && addresses === undefined) query = query.limit(limit);
      const entries = (await query.execute()).map(toHistory);
      const matching =
        addresses === undefined
          ? entries
          : entries.filter((entry) => entry.address !== null && addresses(entry.address)).slice(0, limit);
      return newerThan === undefined ? matching : matching.reverse();
    },

    async countHistory({ upTo: _, newerThan: __, limit: ___, ...filter }) {
      if (filter.addresses !== undefined) {
        const { addresses } = filter;
        const rows = await historyRows(db, filter).select('address').execute();
        return rows.filter((row) => row.address !== null && addresses(row.address)).length;
      }
      const row = await historyRows(db, filter)
        .select((of) => of.fn.countAll<number | string>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async delegatedToken(key) {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('id', '=', db.selectFrom('delegations').select('token_id').where('key', '=', key))
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },
  };
}

export function tokenWrites(db: Kysely<Tables>): Omit<TokenTx, keyof TokenReads | 'audit' | 'changed'> {
  return {
    nameIsTaken: (username) => nameIsTaken(db, username),
    passwordHash: (username) => passwordHash(db, username),
    identity: (username) => identity(db, username),

    async insertToken(record) {
      await db
        .insertInto('tokens')
        .values(toRow(record) as TokenRow)
        .execute();
    },

    async updateToken(id, change) {
      if (Object.keys(change).length === 0) return;
      await db.updateTable('tokens').set(toRow(change)).where('id', '=', id).execute();
    },

    async liveTokenNamed(username, name) {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('username', '=', username)
        .where('name', '=', name)
        .where('revoked_at', 'is', null)
        .where('swept_at', 'is', null)
        .executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async liveChildren(parentId) {
      const rows = await db
        .selectFrom('tokens')
        .selectAll()
        .where('parent_id', '=', parentId)
        .where('revoked_at', 'is', null)
        .orderBy('id')
        .execute();
      return rows.map(toRecord);
    },

    async endedTokens(nowSeconds, limit) {
      const rows = await db
        .selectFrom('tokens')
        .selectAll()
        .where('expires_at', '<=', nowSeconds)
        .where('revoked_at', 'is', null)
        .where('swept_at', 'is', null)
        .orderBy('expires_at')
        .limit(limit)
        .execute();
      return rows.map(toRecord);
    },

    async insertOwner(owner, createdBy, atSeconds) {
      await db
        .insertInto('principals')
        .values(principalInsert({ ...owner, passwordHash: null, createdAt: atSeconds, createdBy }))
        .execute();
    },

    async appendHistory(entry) {
      await db
        .insertInto('token_history')
        .values({
          token_id: entry.tokenId,
          username: entry.username,
          type: entry.type,
          name: entry.name,
          parent_id: entry.parentId,
          service: entry.service,
          scopes: JSON.stringify(entry.scopes),
          expires_at: entry.expiresAt,
          actor: entry.actor,
          action: entry.action,
          address: entry.address,
          at: entry.at,
          old: JSON.stringify(entry.old),
        })
        .execute();
    },

    async rememberDelegation(key, tokenId) {
      await db
        .insertInto('delegations')
        .values({ key, token_id: tokenId })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ token_id: tokenId }))
        .execute();
    },
  };
}

const USES_AT_ONCE = 100;

/** Only ever moves the time of last use forward: several processes report in any order. */
export async function recordLastUse(db: Kysely<Tables>, uses: readonly LastUse[]): Promise<void> {
  for (let from = 0; from < uses.length; from += USES_AT_ONCE) {
    await db.transaction().execute(async (trx) => {
      for (const use of uses.slice(from, from + USES_AT_ONCE)) {
        await trx
          .updateTable('tokens')
          .set({ last_used_at: use.at, last_used_address: use.address, last_used_route: use.route })
          .where('id', '=', use.id)
          .where((where) =>
            where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', use.at)]),
          )
          .execute();
      }
    });
  }
}

export async function recentlyRevoked(
  db: Kysely<Tables>,
  sinceSeconds: number,
): Promise<{ id: string; at: number }[]> {
  const rows = await db
    .selectFrom('tokens')
    .select(['id', 'revoked_at'])
    .where('revoked_at', '>=', sinceSeconds)
    .orderBy('revoked_at')
    .execute();
  return rows.map((row) => ({ id: row.id, at: row.revoked_at ?? 0 }));
}
