import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PLAIN_HEAD_BYTES, readPlainHead } from './plain-head.ts';

/**
 * A reader in front of node:http for what is asked most: the guard's question, and a call through a route. What it
 * takes is a single plain GET for one of its places, arrived whole; everything else is given to node:http as it came,
 * and the connection stays there. Both give the same answer to the same bytes; this one makes no stream, no header
 * object and no timer for it.
 */

/** As much of `IncomingMessage` as a fast answer needs. */
export interface FastMessage {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** As much of `ServerResponse`: one head, one body, once. */
export interface FastResponse {
  readonly headersSent: boolean;
  writeHead(status: number, headers: string[]): unknown;
  end(body: string, encoding: 'latin1' | 'utf8'): unknown;
  destroy(): unknown;
}

export type FastHandler = (message: FastMessage, response: FastResponse) => void;
export type FlowingHandler = (message: FastMessage, response: FlowingResponse) => void;

export interface FrontOptions {
  /** How the bytes of a request to these places begin, behind `GET `. */
  readonly prefixes: readonly string[];
  /** Who answers at this address and host on this connection; null leaves it to node:http. */
  readonly find: (url: string, host: string, socket: Socket) => FlowingHandler | null;
  readonly keepAliveMs: number;
  readonly firstByteMs: number;
}

export interface Front {
  /** Ends the connections it holds: idle ones now, the others with their answer. */
  close(): void;
}

const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
// A head that comes in more pieces than this comes from somebody slow, and those have their deadlines elsewhere.
const PIECES_MAX = 4;

/** Puts the front before a server, which goes on accepting the connections. */
export function putInFront(server: Server, options: FrontOptions): Front {
  const behind = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const held = new Set<Line>();
  server.on('connection', (socket: Socket) => {
    const line = new Line(socket, options, {
      gone: () => held.delete(line),
      cutOff: () => {
        held.delete(line);
        server.emit('clientError', new Error('The connection ended within a head'), socket);
      },
      handOver: () => {
        held.delete(line);
        for (const listener of behind) listener.call(server, socket);
      },
    });
    held.add(line);
  });
  return {
    close() {
      for (const line of held) line.finish();
    },
  };
}

interface Ends {
  readonly gone: () => void;
  readonly handOver: () => void;
  readonly cutOff: () => void;
}

/** One connection, for as long as only plain questions come over it. */
class Line {
  readonly #starts: readonly string[];
  readonly #keepAlive: string;
  #pieces: Buffer[] = [];
  /** The answer that is awaited. */
  #answer: FlowingResponse | null = null;
  #reading = false;
  #corked = false;
  /** What was sent is not yet taken off; nothing more is read until then. */
  #blocked = false;
  /** No question is expected after the one at hand. */
  #last = false;
  /** The other side has said all it will say. */
  #ended = false;

  readonly #onData = (chunk: Buffer): void => this.#take(chunk);
  readonly #onEnd = (): void => {
    this.#ended = true;
    // As node:http does: who has left before the answer gets none.
    if (this.#answer !== null) this.socket.end();
    else this.finish();
  };
  readonly #onDrain = (): void => {
    if (this.#blocked) this.#next();
    else this.#answer?.drained();
  };
  readonly #onError = (): void => void this.socket.destroy();
  readonly #onClose = (): void => {
    this.ends.gone();
    this.#answer?.gone();
  };
  readonly #onTimeout = (): void => {
    if (this.#blocked) this.socket.destroy();
    else if (this.#answer !== null) return;
    else if (this.#pieces.length > 0) this.#handOver();
    else this.socket.destroy();
  };

  constructor(
    readonly socket: Socket,
    readonly options: FrontOptions,
    readonly ends: Ends,
  ) {
    this.#starts = options.prefixes.map((prefix) => `GET ${prefix}`);
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(options.keepAliveMs / 1000)}\r\n`;
    socket.setTimeout(options.firstByteMs);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onEnd);
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
  }

  finish(): void {
    this.#last = true;
    if (this.#answer !== null) return;
    // An unfinished head is answered where unfinished heads are.
    if (this.#pieces.length > 0) this.#handOver();
    else this.socket.end();
  }

  #take(chunk: Buffer): void {
    this.#pieces.push(chunk);
    // One question at a time; what comes meanwhile waits for its turn.
    if (this.#answer !== null) this.socket.pause();
    else this.#read();
  }

  /** Answers what has arrived, one question after the other, until one has to be waited for. */
  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#pieces.length > 0 && this.#answer === null && !this.#last && this.#readOne());
    this.#reading = false;
    if (this.#corked) this.socket.uncork();
    this.#corked = false;
  }

  /** False when more bytes are needed, or the connection is no longer ours. */
  #readOne(): boolean {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    const blank = bytes.indexOf(BLANK_LINE);
    const size = blank === -1 ? PLAIN_HEAD_BYTES + 1 : blank + BLANK_LINE.length;
    const text = bytes.toString('latin1', 0, Math.min(size, PLAIN_HEAD_BYTES + 1));
    const ours = this.#starts.some((start) => text.startsWith(start) || start.startsWith(text));
    const unfinished = blank === -1 && text.length <= PLAIN_HEAD_BYTES;
    if (ours && unfinished && this.#pieces.length < PIECES_MAX) return false;
    const head = ours && blank !== -1 ? readPlainHead(text) : null;
    const handler = head === null ? null : this.options.find(head.url, head.host, this.socket);
    if (head === null || handler === null) {
      this.#handOver();
      return false;
    }
    this.#pieces = bytes.length === size ? [] : [bytes.subarray(size)];
    // Answers to questions that came together leave together.
    if (this.#pieces.length > 0 && !this.#corked) {
      this.#corked = true;
      this.socket.cork();
    }
    const answer = new FlowingResponse(this);
    this.#answer = answer;
    handler({ method: 'GET', url: head.url, rawHeaders: head.rawHeaders, socket: this.socket }, answer);
    return true;
  }

  #fixed(head: string): string {
    return `${head}${this.#last ? 'Connection: close\r\n' : this.#keepAlive}\r\n`;
  }

  /** Sends head and body in one piece; that is the answer. */
  send(head: string, body: Buffer | string, encoding: 'latin1' | 'utf8'): void {
    if (this.#ended) return;
    const fixed = this.#fixed(head);
    if (typeof body === 'string' && encoding === 'latin1') this.socket.write(fixed + body, 'latin1');
    else {
      const bytes = typeof body === 'string' ? Buffer.from(body, encoding) : body;
      this.socket.write(Buffer.concat([Buffer.from(fixed, 'latin1'), bytes]));
    }
    this.sent();
  }

  /** Sends a head whose body follows in pieces. */
  begin(head: string): void {
    if (!this.#ended) this.socket.write(this.#fixed(head), 'latin1');
  }

  /** Sends a piece, in chunked coding or as it is. False when the other side takes no more at the moment. */
  push(bytes: Buffer, chunked: boolean): boolean {
    const { socket } = this;
    if (this.#ended) return true;
    if (!chunked) return socket.write(bytes);
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    const taken = socket.write('\r\n', 'latin1');
    socket.uncork();
    return taken;
  }

  text(text: string): void {
    if (!this.#ended) this.socket.write(text, 'latin1');
  }

  /** The answer at hand is whole. */
  sent(): void {
    if (!this.socket.writableNeedDrain || this.#last) this.#next();
    else this.#blocked = true;
  }

  #next(): void {
    const { socket } = this;
    this.#answer = null;
    this.#blocked = false;
    if (this.#last) {
      socket.end();
      return;
    }
    if (socket.timeout !== this.options.keepAliveMs) socket.setTimeout(this.options.keepAliveMs);
    if (this.#pieces.length === 0) return;
    socket.resume();
    this.#read();
  }

  #handOver(): void {
    const { socket } = this;
    // A stream that has ended cannot be read again by somebody else. Cut off in its head, a request is none.
    if (this.#ended) {
      this.ends.cutOff();
      return;
    }
    socket.off('timeout', this.#onTimeout);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.off('end', this.#onEnd);
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.setTimeout(0);
    socket.pause();
    const unread = Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (unread.length > 0) socket.unshift(unread);
    this.ends.handOver();
    socket.resume();
  }
}

// What node:http refuses in a value of a header, so that nothing can end a line.
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/;

const BODILESS = new Set([204, 304]);

/** An answer in one piece, or in as many as it comes in: as much of node's `ServerResponse` as routes need. */
export class FlowingResponse implements FastResponse {
  headersSent = false;
  writableEnded = false;
  /** Nobody's but the line's, so that it is not destroyed by whoever is done. */
  readonly socket = null;
  #head = '';
  #hasLength = false;
  #bodiless = false;
  #chunked = false;
  #trailers = '';
  #onClose: (() => void) | null = null;
  #onDrain: (() => void) | null = null;

  constructor(readonly line: Line) {}

  get destroyed(): boolean {
    return this.line.socket.destroyed;
  }

  get closed(): boolean {
    return this.line.socket.destroyed;
  }

  /** As node's, with a reason of one's own or the usual one. */
  writeHead(status: number, headers: string[]): this;
  writeHead(status: number, reason: string, headers: string[]): this;
  writeHead(status: number, first: string | string[], second?: string[]): this {
    const reason = typeof first === 'string' ? first : (STATUS_CODES[status] ?? 'Unknown');
    const headers = typeof first === 'string' ? (second ?? []) : first;
    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
    let dated = false;
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] as string;
      const value = headers[at + 1] as string;
      if (NOT_IN_VALUES.test(value)) throw new TypeError(`The header ${name} cannot hold its value`);
      if (name.length === 4) dated ||= name.toLowerCase() === 'date';
      else if (name.length === 14 && name.toLowerCase() === 'content-length') this.#hasLength = true;
      head += `${name}: ${value}\r\n`;
    }
    this.#bodiless = BODILESS.has(status);
    this.#head = dated ? head : `${head}Date: ${dateNow()}\r\n`;
    return this;
  }

  flushHeaders(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.#chunked = !this.#hasLength && !this.#bodiless;
    this.line.begin(this.#chunked ? `${this.#head}Transfer-Encoding: chunked\r\n` : this.#head);
  }

  write(chunk: Buffer): boolean {
    this.flushHeaders();
    return chunk.length === 0 || this.line.push(chunk, this.#chunked);
  }

  addTrailers(trailers: [string, string][]): void {
    for (const [name, value] of trailers) this.#trailers += `${name}: ${value}\r\n`;
  }

  end(body: Buffer | string, encoding: 'latin1' | 'utf8'): void {
    if (this.writableEnded) return;
    this.writableEnded = true;
    if (!this.headersSent) {
      this.headersSent = true;
      if (!this.#hasLength && !this.#bodiless) {
        const length = typeof body === 'string' ? Buffer.byteLength(body, encoding) : body.length;
        this.#head += `Content-Length: ${length}\r\n`;
      }
      this.line.send(this.#head, body, encoding);
      return;
    }
    const bytes = typeof body === 'string' ? Buffer.from(body, encoding) : body;
    if (bytes.length > 0) this.line.push(bytes, this.#chunked);
    if (this.#chunked) this.line.text(`0\r\n${this.#trailers}\r\n`);
    this.line.sent();
  }

  destroy(): void {
    if (!this.writableEnded) this.line.socket.destroy();
  }

  writeContinue(): void {
    throw new Error('unreachable: whoever waits to be told is served by node:http');
  }

  on(_event: 'close', listener: () => void): void {
    this.#onClose = listener;
  }

  once(_event: 'drain', listener: () => void): void {
    this.#onDrain = listener;
  }

  /** The connection is gone. */
  gone(): void {
    this.#onClose?.();
  }

  /** What was sent is taken off. */
  drained(): void {
    const listener = this.#onDrain;
    this.#onDrain = null;
    listener?.();
  }
}

let second = 0;
let date = '';

/** RFC 9110 section 6.6.1, made once a second. */
function dateNow(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}
