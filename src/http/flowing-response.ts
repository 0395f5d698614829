import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** A connection as an answer sees it. What closes the head, such as whether the connection stays, it adds itself. */
export interface AnswerLine {
  readonly socket: Socket;
  /** The question at hand was read after everybody else's. */
  readonly late: boolean;
  /** The lines that say whether the connection stays. */
  readonly connection: string;
  /** Sends an answer that is whole, the lines about the connection in it. */
  sendWhole(text: string): void;
  /** Sends head and body in one piece; that is the answer. */
  send(head: string, body: Buffer | string, encoding: 'latin1' | 'utf8'): void;
  /** Sends a head whose body follows in pieces. */
  begin(head: string): void;
  /** Sends a piece, in chunked coding or as it is. False when the other side takes no more at the moment. */
  push(bytes: Buffer, chunked: boolean): boolean;
  text(text: string): void;
  /** The answer at hand is whole. */
  sent(): void;
  /** The question came from nobody we know; the next one is in no hurry. */
  turnedAway(): void;
}

// What node:http refuses in a value of a header, so that nothing can end a line.
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/;

/** An answer that is given again and again in the same words. */
export interface KeptWords {
  readonly status: number;
  readonly reason: string;
  /** Names and values in turn, the length among them. */
  readonly headers: string[];
  /** Latin-1. */
  readonly body: string;
}

interface Kept {
  readonly connection: string;
  readonly date: string;
  readonly text: string;
}

/** Put together once a second; whoever floods us with bad tokens hears little else. */
const kept = new WeakMap<KeptWords, Kept>();

const BODILESS = new Set([204, 304]);

/** An answer in one piece, or in as many as it comes in: as much of node's `ServerResponse` as routes need. */
export class FlowingResponse {
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

  constructor(readonly line: AnswerLine) {}

  /** Whoever asked has waited for everybody else already. */
  get late(): boolean {
    return this.line.late;
  }

  get destroyed(): boolean {
    return this.line.socket.destroyed;
  }

  get closed(): boolean {
    return this.line.socket.destroyed;
  }

  /** The whole answer at once, where it is one of those that are given often. */
  repeat(words: KeptWords): void {
    const { connection } = this.line;
    const now = dateNow();
    let known = kept.get(words);
    if (known === undefined || known.date !== now || known.connection !== connection) {
      this.writeHead(words.status, words.reason, words.headers);
      known = { connection, date: now, text: `${this.#head}${connection}\r\n${words.body}` };
      kept.set(words, known);
    }
    this.headersSent = true;
    this.writableEnded = true;
    if (words.status === 401) this.line.turnedAway();
    this.line.sendWhole(known.text);
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
