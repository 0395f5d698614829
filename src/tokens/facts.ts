import { LRUCache } from 'lru-cache';
import type { RoleTable } from '../access/scopes.ts';
import { USER_ROLE } from '../access/scopes.ts';
import type { Change } from '../base/change.ts';
import { Loads } from './loads.ts';
import type { OwnerRecord, TokenRecord } from './record.ts';
import type { TokenReads } from './store.ts';

/** A token as verdicts see it: immutable, shared by all requests that present it. */
export interface TokenFacts {
  readonly record: TokenRecord;
  readonly roles: readonly string[] | null;
  readonly scopes: ReadonlySet<string> | null;
  readonly granted: ReadonlySet<string>;
}

export interface OwnerFacts {
  readonly record: OwnerRecord;
  /** Including the role every user has. */
  readonly roles: readonly string[];
}

/**
 * What verdicts are computed from, kept in memory and dropped when the change feed says it changed. `undefined`
 * means "not at hand, ask {@link Facts.load}"; `null` means "there is none".
 */
export interface Facts {
  token(id: string): TokenFacts | null | undefined;
  owner(username: string): OwnerFacts | null | undefined;
  roleTable(): RoleTable | undefined;
  loadToken(id: string): Promise<TokenFacts | null>;
  loadOwner(username: string): Promise<OwnerFacts | null>;
  loadRoleTable(): Promise<RoleTable>;
  /** Drops what the change touches. Called for every change of the feed, and right after a local commit. */
  forget(change: Change): void;
  forgetAll(): void;
}

interface Limits {
  readonly tokens: number;
  readonly absent: number;
}

/** For facts that serve one question and are thrown away. */
export const BRIEF: Limits = { tokens: 32, absent: 32 };

type Reads = Pick<TokenReads, 'token' | 'owner' | 'roleTable'>;

export function createFacts(reads: Reads, limits: Limits = { tokens: 200_000, absent: 50_000 }): Facts {
  const tokens = growing<TokenFacts>(limits.tokens);
  const owners = growing<OwnerFacts>(limits.tokens);
  // Ids that do not exist. An id is random and never asked for before it is made, so no good token is ever in here
  // for longer than a stray guess; the bound and the short life are against memory, not against error.
  const absent = growing<true>(limits.absent, 30_000);
  const absentOwners = growing<true>(limits.absent, 30_000);
  let roles: RoleTable | undefined;

  const tokenLoads = new Loads<TokenFacts | null>();
  const ownerLoads = new Loads<OwnerFacts | null>();
  const roleLoads = new Loads<RoleTable>();

  return {
    token: (id) => tokens.get(id) ?? (absent.has(id) ? null : undefined),
    owner: (username) => owners.get(username) ?? (absentOwners.has(username) ? null : undefined),
    roleTable: () => roles,

    loadToken: (id) =>
      tokenLoads.run(
        id,
        async () => {
          const record = await reads.token(id);
          return record === null ? null : factsOf(record);
        },
        (facts) => {
          if (facts === null) absent.set(id, true);
          else tokens.set(facts.record.id, facts);
        },
      ),

    loadOwner: (username) =>
      ownerLoads.run(
        username,
        async () => {
          const record = await reads.owner(username);
          if (record === null) return null;
          return { record, roles: record.kind === 'user' ? [USER_ROLE, ...record.roles] : record.roles };
        },
        (facts) => {
          if (facts === null) absentOwners.set(username, true);
          else owners.set(username, facts);
        },
      ),

    loadRoleTable: () =>
      roleLoads.run(
        '*',
        () => reads.roleTable(),
        (table) => {
          roles = table;
        },
      ),

    forget({ topic, key }) {
      if (topic === 'token') {
        tokens.delete(key);
        absent.delete(key);
        tokenLoads.spoil(key);
      } else if (topic === 'principal') {
        owners.delete(key);
        absentOwners.delete(key);
        ownerLoads.spoil(key);
      } else if (topic === 'roles' || topic === 'scopes') {
        roles = undefined;
        roleLoads.spoil('*');
      }
    },

    forgetAll() {
      tokens.clear();
      owners.clear();
      absent.clear();
      absentOwners.clear();
      roles = undefined;
      for (const loads of [tokenLoads, ownerLoads, roleLoads]) loads.spoilAll();
    },
  };
}

/** As `max` bounds it, but without room for all of them from the start: filling that costs a tenth of a second. */
const growing = <T extends object | true>(most: number, ttl = 0): LRUCache<string, T> =>
  new LRUCache({ maxSize: most, sizeCalculation: () => 1, ttl });

/** What many tokens have in common, kept once: the same few lists of scopes, the same names. */
const lists = new LRUCache<string, { readonly list: readonly string[]; readonly set: ReadonlySet<string> }>({
  max: 10_000,
});
const texts = new LRUCache<string, string>({ max: 10_000 });

function shared(names: readonly string[]) {
  const key = names.join(' ');
  let kept = lists.get(key);
  if (kept === undefined) {
    kept = { list: names, set: new Set(names) };
    lists.set(key, kept);
  }
  return kept;
}

function sharedText<T extends string>(text: T): T {
  const kept = texts.get(text);
  if (kept !== undefined) return kept as T;
  texts.set(text, text);
  return text;
}

function factsOf(record: TokenRecord): TokenFacts {
  const scopes = record.scopes === null ? null : shared(record.scopes);
  const granted = shared(record.granted);
  return {
    record: {
      ...record,
      username: sharedText(record.username),
      type: sharedText(record.type),
      createdBy: sharedText(record.createdBy),
      scopes: scopes?.list ?? null,
      granted: granted.list,
    },
    roles: record.roles,
    scopes: scopes?.set ?? null,
    granted: granted.set,
  };
}
