import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Subject } from '../kinds/kind.ts';

export type OutboundClient = Subject['client'];
export type Trust = OutboundClient['trust'];
export type Origin = OutboundClient['origin'];

/** What this room needs of the way out; handed in when the house is built. */
export interface WayOut {
  parseOrigin(text: string, field?: string): Result<Origin>;
  originUrl(origin: Origin): string;
  parseFingerprint(text: string, field?: string): Result<string>;
  checkAuthority(pem: string, field?: string): Result<string>;
  open(options: {
    readonly origin: Origin;
    readonly trust: Trust;
    readonly clock: Clock;
    readonly deadlines?: { readonly firstByteMs: number; readonly totalMs: number };
  }): OutboundClient;
  redactor(secrets: readonly Secret[]): <T>(value: T) => T;
}
