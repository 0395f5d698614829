import type { FaultCode, FieldFault } from '../base/fault.ts';

/**
 * What a call can fail with: the stable codes of the server, and three that arise on this side.
 * `unreachable`: no answer came. `unexpected_answer`: what answered does not speak as Tessera does.
 * `invalid_option`: the client was asked for something that cannot be sent.
 */
export type TesseraErrorCode = FaultCode | 'unreachable' | 'unexpected_answer' | 'invalid_option';

export interface TesseraErrorParts {
  readonly code: TesseraErrorCode | (string & {});
  readonly message: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status?: number | undefined;
  readonly fix?: string | undefined;
  readonly fields?: readonly FieldFault[] | undefined;
  readonly requiredScopes?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
}

/** The one error every call of the client rejects with. It never carries a token or a password. */
export class TesseraError extends Error {
  /** Stable, meant for programs. */
  readonly code: string;
  /** HTTP status of the answer; 0 when there was none. */
  readonly status: number;
  /** What would make the request succeed, for a person. */
  readonly fix: string | undefined;
  /** Fields of the input that are wrong. */
  readonly fields: readonly FieldFault[];
  /** With code `insufficient_scope`: what was needed. */
  readonly requiredScopes: readonly string[];
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** Seconds until trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(parts: TesseraErrorParts) {
    super(parts.message);
    this.name = 'TesseraError';
    this.code = parts.code;
    this.status = parts.status ?? 0;
    this.fix = parts.fix;
    this.fields = parts.fields ?? [];
    this.requiredScopes = parts.requiredScopes ?? [];
    this.requestId = parts.requestId;
    this.retryAfter = parts.retryAfter;
  }
}
