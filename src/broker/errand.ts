import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Verified } from '../tokens/verify.ts';
import type { ActiveRoute } from './book.ts';
import type { CallerResponse } from './caller-side.ts';
import type { Decision } from './decide.ts';
import type { Destination, Rider } from './destinations.ts';
import type { CallRefusal } from './judge.ts';
import type { LiveCall } from './live.ts';

/** What a request carries, as it is to be framed. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** Passed on as it comes, its length announced. */
  | { readonly kind: 'length'; readonly length: string }
  | { readonly kind: 'chunked' };

export interface Tunnel {
  readonly socket: Duplex;
  /** What came behind the request. */
  readonly head: Buffer;
  /** Takes the socket out of the response's hands. */
  detach(): void;
}

/** A call that was admitted, and the two ends of its caller. */
export interface Errand {
  /** What follows the head of the request; null where nothing does. */
  readonly stream: IncomingMessage | null;
  readonly response: CallerResponse;
  readonly route: ActiveRoute;
  readonly verified: Verified | null;
  readonly decision: Decision;
  /** The caller's socket, where another protocol is asked for. */
  readonly tunnel: Tunnel | null;
  /** The caller waits to be told to send its body. */
  readonly continueFirst: boolean;
  readonly method: string;
}

/** What is sent for an errand, and where to. */
export interface Sending {
  readonly destination: Destination;
  /** The whole head of the request, ended. */
  readonly head: string;
  readonly body: RequestBody;
  readonly rider: Rider | null;
}

/** What happens to errands in the end. One of the two is called for each, once. */
export interface Ends<E extends Errand> {
  /** No answer came, and nothing was said to the caller yet. */
  failed(errand: E, refusal: CallRefusal, call: LiveCall): void;
  done(errand: E, outcome: Outcome, call: LiveCall): void;
}

export interface Outcome {
  readonly status: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Why the call did not come to its proper end; null when it did. */
  readonly broken: string | null;
}
