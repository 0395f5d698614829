import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PLAIN_HEAD_BYTES, readPlainHead } from './plain-head.ts';

/**
 * A reader in front of node:http for the one question asked most: the guard's. What it takes is a single plain GET
 * for one of its places, arrived whole; everything else is given to node:http as it came, and the connection stays
 * there. Both give the same answer to the same bytes; this one makes no stream, no header object and no timer for it.
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

export interface FrontOptions {
  /** How the bytes of a request to these places begin, behind `GET `. */
  readonly prefix: string;
  /** Who answers at this address and host on this connection; null leaves it to node:http. */
  readonly find: (url: string, host: string, socket: Socket) => FastHandler | null;
  readonly keepAliveMs: number;
  readonly firstByteMs: number;
}

export interface Front {
  /** Ends the connections it holds: idle ones now, the others with their answer. */
  close(): void;
}

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
  readonly #start: string;
  readonly #keepAlive: string;
  #pieces: Buffer[] = [];
  #answering = false;
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
    if (this.#answering) this.socket.end();
    else this.finish();
  };
  readonly #onDrain = (): void => this.#next();
  readonly #onError = (): void => void this.socket.destroy();
  readonly #onClose = (): void => this.ends.gone();
  readonly #onTimeout = (): void => {
    if (this.#blocked) this.socket.destroy();
    else if (this.#answering) return;
    else if (this.#pieces.length > 0) this.#handOver();
    else this.socket.destroy();
  };

  constructor(
    readonly socket: Socket,
    readonly options: FrontOptions,
    readonly ends: Ends,
  ) {
    this.#start = `GET ${options.prefix}`;
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(options.keepAliveMs / 1000)}\r\n`;
    socket.setTimeout(options.firstByteMs);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onEnd);
    socket.on('data', this.#onData);
  }

  finish(): void {
    this.#last = true;
    if (this.#answering) return;
    // An unfinished head is answered where unfinished heads are.
    if (this.#pieces.length > 0) this.#handOver();
    else this.socket.end();
  }

  #take(chunk: Buffer): void {
    this.#pieces.push(chunk);
    // One question at a time; what comes meanwhile waits for its turn.
    if (this.#answering) this.socket.pause();
    else this.#read();
  }

  #read(): void {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    const text = bytes.toString('latin1', 0, PLAIN_HEAD_BYTES + 1);
    const length = Math.min(text.length, this.#start.length);
    const ours = text.slice(0, length) === this.#start.slice(0, length);
    const unfinished = text.indexOf('\r\n\r\n') === -1;
    if (ours && unfinished && text.length <= PLAIN_HEAD_BYTES && this.#pieces.length < PIECES_MAX) return;
    const head = ours ? readPlainHead(text) : null;
    const handler = head === null ? null : this.options.find(head.url, head.host, this.socket);
    if (head === null || handler === null) {
      this.#handOver();
      return;
    }
    this.#pieces = [];
    this.#answering = true;
    handler(
      { method: 'GET', url: head.url, rawHeaders: head.rawHeaders, socket: this.socket },
      new Answer(this),
    );
  }

  /** Sends head and body in one piece. */
  send(head: string, body: string, encoding: 'latin1' | 'utf8'): void {
    const { socket } = this;
    if (this.#ended) return;
    const fixed = `${head}Date: ${dateNow()}\r\n${this.#last ? 'Connection: close\r\n' : this.#keepAlive}\r\n`;
    const taken =
      encoding === 'latin1'
        ? socket.write(fixed + body, 'latin1')
        : socket.write(Buffer.concat([Buffer.from(fixed, 'latin1'), Buffer.from(body, 'utf8')]));
    if (taken || this.#last) {
      this.#next();
    } else {
      this.#blocked = true;
      socket.once('drain', this.#onDrain);
    }
  }

  #next(): void {
    const { socket } = this;
    this.#answering = false;
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

class Answer implements FastResponse {
  headersSent = false;
  #head = '';

  constructor(readonly line: Line) {}

  writeHead(status: number, headers: string[]): this {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
    for (let at = 0; at < headers.length; at += 2) {
      const value = headers[at + 1] as string;
      if (NOT_IN_VALUES.test(value)) throw new TypeError(`The header ${headers[at]} cannot hold its value`);
      head += `${headers[at]}: ${value}\r\n`;
    }
    this.#head = head;
    return this;
  }

  end(body: string, encoding: 'latin1' | 'utf8'): void {
    this.headersSent = true;
    this.line.send(this.#head, body, encoding);
  }

  destroy(): void {
    this.line.socket.destroy();
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
