import type { Journal } from '../audit/journal.ts';
import type { Result } from '../base/result.ts';
import type { RouteRecord } from './record.ts';

export interface RouteReads {
  /** By id or name. */
  route(key: string): Promise<RouteRecord | null>;
  /** Ordered by name. */
  routes(): Promise<RouteRecord[]>;
}

interface ScopeRow {
  readonly name: string;
  readonly description: string;
  readonly builtin: boolean;
}

export interface RouteTx extends RouteReads, Journal {
  putRoute(record: RouteRecord): Promise<void>;
  deleteRoute(id: string): Promise<void>;
  scopes(): Promise<ScopeRow[]>;
  putScope(scope: ScopeRow): Promise<void>;
}

export interface RouteStore extends RouteReads {
  change<T>(work: (tx: RouteTx) => Promise<Result<T>>): Promise<Result<T>>;
}
