import type { Journal } from '../audit/journal.ts';
import type { Result } from '../base/result.ts';
import type { KindName } from '../kinds/kind.ts';
import type { ConnectionRecord, EventRecord, NewEvent } from './record.ts';

export interface EventFilter {
  readonly connectionId?: string;
  readonly state: 'open' | 'acknowledged' | 'all';
  readonly limit: number;
  /** Only newer than this id, oldest first; otherwise newest first. */
  readonly after?: number;
}

export interface ConnectionReads {
  /** By id or by name. */
  connection(key: string): Promise<ConnectionRecord | null>;
  /** Ordered by name. */
  connections(kind?: KindName): Promise<ConnectionRecord[]>;
  connectionEvent(id: number): Promise<EventRecord | null>;
  connectionEvents(filter: EventFilter): Promise<EventRecord[]>;
}

export interface ConnectionTx extends ConnectionReads, Journal {
  /** Inserts, or replaces all columns of the one with this id. */
  putConnection(record: ConnectionRecord): Promise<void>;
  deleteConnection(id: string): Promise<void>;
  /** @param deliver whether it also waits for the webhook */
  insertConnectionEvent(event: NewEvent, deliver: boolean): Promise<void>;
  acknowledgeConnectionEvent(id: number, by: string, at: number): Promise<void>;
}

export interface ConnectionStore extends ConnectionReads {
  change<T>(work: (tx: ConnectionTx) => Promise<Result<T>>): Promise<Result<T>>;
  openConnectionEvents(): Promise<number>;
  /** Takes events that wait for the webhook; nobody else gets them before `holdMs` have passed. */
  claimDeliveries(nowMs: number, holdMs: number, limit: number): Promise<EventRecord[]>;
  /** Delivered at `deliveredAt` (seconds), or to be tried again at `nextMs`; both null: given up. */
  settleDelivery(id: number, deliveredAt: number | null, nextMs: number | null): Promise<void>;
}
