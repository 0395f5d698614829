import { type Kysely, type Migration, sql } from 'kysely';

/** Principals, roles, scopes, tokens, keys, audit, change feed. Never edited once released. */
export const foundation = (engine: 'sqlite' | 'postgres'): Migration => ({
  async up(db: Kysely<unknown>): Promise<void> {
    // Byte order on both engines, so that lists, pages and cursors agree.
    const text = engine === 'postgres' ? sql`text collate "C"` : sql`text`;
    const number = engine === 'postgres' ? sql`bigint` : sql`integer`;
    const counter = engine === 'postgres' ? sql`bigserial` : sql`integer`;

    await db.schema
      .createTable('principals')
      .addColumn('username', text, (c) => c.primaryKey())
      .addColumn('username_lower', text, (c) => c.notNull().unique())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('full_name', text)
      .addColumn('email', text)
      .addColumn('uid', number)
      .addColumn('gid', number)
      .addColumn('groups', text)
      .addColumn('password_hash', text)
      .addColumn('disabled', number, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('scopes')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('builtin', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('roles')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('scopes', text, (c) => c.notNull())
      .addColumn('builtin', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('role_grants')
      .addColumn('username', text, (c) => c.notNull().references('principals.username').onDelete('cascade'))
      .addColumn('role', text, (c) => c.notNull().references('roles.name'))
      .addColumn('granted_by', text, (c) => c.notNull())
      .addColumn('granted_at_ms', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('role_grants_pk', ['username', 'role'])
      .execute();
    await db.schema.createIndex('role_grants_role').on('role_grants').column('role').execute();

    // No foreign key to principals: what a deleted user's tokens did stays in the books.
    await db.schema
      .createTable('tokens')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('secret_digest', text, (c) => c.notNull())
      .addColumn('sealed_secret', text)
      .addColumn('username', text, (c) => c.notNull())
      .addColumn('type', text, (c) => c.notNull())
      .addColumn('name', text)
      .addColumn('description', text, (c) => c.notNull())
      .addColumn('roles', text)
      .addColumn('scopes', text)
      .addColumn('granted', text, (c) => c.notNull())
      .addColumn('service', text)
      .addColumn('parent_id', text, (c) => c.references('tokens.id'))
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addColumn('expires_at', number)
      .addColumn('revoked_at', number)
      .addColumn('revoked_by', text)
      .addColumn('swept_at', number)
      .addColumn('last_used_at', number)
      .addColumn('last_used_address', text)
      .addColumn('last_used_route', text)
      .addColumn('user_info', text)
      .execute();
    await sql`create unique index tokens_live_name on tokens (username, name)
      where name is not null and revoked_at is null and swept_at is null`.execute(db);
    await sql`create index tokens_by_user on tokens (username, created_at desc, id)`.execute(db);
    await sql`create index tokens_by_age on tokens (created_at desc, id)`.execute(db);
    await sql`create index tokens_children on tokens (parent_id) where parent_id is not null`.execute(db);
    await sql`create index tokens_ending on tokens (expires_at)
      where revoked_at is null and swept_at is null`.execute(db);

    await db.schema
      .createTable('token_history')
      .addColumn('seq', counter, (c) => c.primaryKey())
      .addColumn('token_id', text, (c) => c.notNull())
      .addColumn('username', text, (c) => c.notNull())
      .addColumn('type', text, (c) => c.notNull())
      .addColumn('name', text)
      .addColumn('parent_id', text)
      .addColumn('service', text)
      .addColumn('scopes', text, (c) => c.notNull())
      .addColumn('expires_at', number)
      .addColumn('actor', text, (c) => c.notNull())
      .addColumn('action', text, (c) => c.notNull())
      .addColumn('address', text)
      .addColumn('at', number, (c) => c.notNull())
      .addColumn('old', text, (c) => c.notNull())
      .execute();
    await sql`create index token_history_time on token_history (at desc, seq desc)`.execute(db);
    await sql`create index token_history_user on token_history (username, at desc, seq desc)`.execute(db);
    await sql`create index token_history_token on token_history (token_id)`.execute(db);
    await sql`create index token_history_parent on token_history (parent_id)`.execute(db);

    await db.schema
      .createTable('delegations')
      .addColumn('key', text, (c) => c.primaryKey())
      .addColumn('token_id', text, (c) => c.notNull().references('tokens.id'))
      .execute();

    await db.schema
      .createTable('signing_keys')
      .addColumn('kid', text, (c) => c.primaryKey())
      .addColumn('public_jwk', text, (c) => c.notNull())
      .addColumn('sealed_private_key', text, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .addColumn('active_from', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('sealed_values')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('sealed', text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('settings')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('value', text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('bootstrap_secrets')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('created_at', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('sign_in_attempts')
      .addColumn('key', text, (c) => c.primaryKey())
      .addColumn('failures', number, (c) => c.notNull())
      .addColumn('last_at_ms', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('audit')
      .addColumn('seq', number, (c) => c.primaryKey())
      .addColumn('at_ms', number, (c) => c.notNull())
      .addColumn('action', text, (c) => c.notNull())
      .addColumn('actor', text, (c) => c.notNull())
      .addColumn('token_id', text)
      .addColumn('address', text)
      .addColumn('subject', text)
      .addColumn('route', text)
      .addColumn('method', text)
      .addColumn('path', text)
      .addColumn('status', number)
      .addColumn('detail', text, (c) => c.notNull())
      .addColumn('mac', text, (c) => c.notNull())
      .execute();
    await db.schema.createIndex('audit_actor').on('audit').columns(['actor', 'seq']).execute();
    await db.schema.createIndex('audit_token').on('audit').columns(['token_id', 'seq']).execute();
    await db.schema.createIndex('audit_subject').on('audit').columns(['subject', 'seq']).execute();

    await db.schema
      .createTable('audit_head')
      .addColumn('id', number, (c) => c.primaryKey())
      .addColumn('seq', number, (c) => c.notNull())
      .addColumn('mac', text, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('changes')
      .addColumn('seq', counter, (c) =>
        engine === 'sqlite' ? c.primaryKey().autoIncrement() : c.primaryKey(),
      )
      .addColumn('topic', text, (c) => c.notNull())
      .addColumn('key', text, (c) => c.notNull())
      .addColumn('at', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('leases')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('holder', text, (c) => c.notNull())
      .addColumn('until_ms', number, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('rate_counts')
      .addColumn('username', text, (c) => c.notNull())
      .addColumn('service', text, (c) => c.notNull())
      .addColumn('minute', number, (c) => c.notNull())
      .addColumn('process', text, (c) => c.notNull())
      .addColumn('used', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('rate_counts_pk', ['minute', 'username', 'service', 'process'])
      .execute();
  },
});
