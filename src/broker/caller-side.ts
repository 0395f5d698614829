import type { Duplex } from 'node:stream';

/** What the relay asks of a caller's request, whoever read it. */
export interface CallerRequest {
  readonly method?: string | undefined;
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What it asks of the response; as much of node's `ServerResponse`, whose words these are. */
export interface CallerResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  readonly closed: boolean;
  /** Whoever asked has waited for everybody else already. */
  readonly late?: boolean;
  /** Null once the answer is out. */
  readonly socket: Duplex | null;
  /** Sends an answer that is given often, in Latin-1, with less ado; not every response can. */
  repeat?(words: {
    readonly status: number;
    readonly reason: string;
    readonly headers: string[];
    readonly body: string;
  }): void;
  writeContinue(): void;
  writeHead(status: number, reason: string, headers: string[]): unknown;
  flushHeaders(): void;
  write(chunk: Buffer): boolean;
  /** An empty body is none. The encoding of bytes means nothing. */
  end(body: Buffer | string, encoding: 'latin1' | 'utf8'): unknown;
  addTrailers(trailers: [string, string][]): void;
  destroy(): unknown;
  on(event: 'close', listener: () => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
}
