import type { KindName } from '../kinds/kind.ts';
import type { Trust } from '../outbound/trust.ts';

/** How much a caller may do, as a person grants it. Each level holds those before it. */
export const LEVELS = ['read', 'power', 'configure', 'all'] as const;
export type Level = (typeof LEVELS)[number];

/** Which calls ask for what. The first rule that fits a call decides. */
export interface Rule {
  /** Upper-case methods; empty: every method. */
  readonly methods: readonly string[];
  /** `/api/hosts/*`: `*` stands for a part of one segment, `**` at the end for whatever follows, nothing included. */
  readonly path: string;
  readonly access: 'scopes' | 'anyone' | 'never';
  /** With access `scopes`: holding any one of them suffices. */
  readonly scopes: readonly string[];
}

/** Where a route leads: a connection with its credential, or a plain system with nothing to inject. */
export type RouteTarget =
  | { readonly connectionId: string }
  | { readonly origin: string; readonly trust: Trust };

/** One guarded or brokered system as callers reach it. All times in seconds since the epoch. */
export interface RouteRecord {
  readonly id: string;
  readonly name: string;
  readonly target: RouteTarget;
  /** Kind at creation: decides the presets and how refusals are phrased. */
  readonly kind: KindName;
  /** Host header that selects this route, lower case, without port. */
  readonly host: string | null;
  /** Port of this route alone. */
  readonly port: number | null;
  /** Reachable below `/connect/<name>/`. */
  readonly byPath: boolean;
  /** Judged before the presets. */
  readonly rules: readonly Rule[];
  /** Scope of each level of the kind's preset; null: only the rules count. */
  readonly presets: Readonly<Record<Level, string>> | null;
  /** Further request headers that travel, lower case. */
  readonly passHeaders: readonly string[];
  readonly maxConcurrent: number;
  /** Milliseconds from the last byte sent to the first of the answer. */
  readonly firstByteMs: number;
  /** Milliseconds without a byte in either direction after which a stream is ended. */
  readonly idleMs: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

export const DEFAULTS = { maxConcurrent: 256, firstByteMs: 35_000, idleMs: 300_000 } as const;
