import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isFull } from '../base/flow.ts';
import { type LightSocket, lightened } from '../base/light-socket.ts';
import { inPortions } from '../base/turn.ts';
import { type AnswerLine, FlowingResponse } from './flowing-response.ts';
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
  /** Whether others ask over the connection by which a question with these headers came. */
  readonly isShared: (rawHeaders: readonly string[], socket: Socket) => boolean;
  readonly keepAliveMs: number;
  readonly firstByteMs: number;
}

export interface Front {
  /** Ends the connections it holds: idle ones now, the others with their answer. */
  close(): void;
}

const NONE: readonly string[] = [];
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');
// A head that comes in more pieces than this comes from somebody slow, and those have their deadlines elsewhere.
const PIECES_MAX = 4;
// Of those who were turned away so many are read between two looks at everybody else, and so many questions of each.
const PORTION = 1;
const QUESTIONS = 6;
// After so many refusals in a row a connection is left alone, for about so long. What comes meanwhile is read and
// answered in one piece, at a fraction of what it costs piece by piece.
const PATIENCE = 4;
const REST_MS = 100;
// Characters of answers that leave together at most.
const GATHERED_MAX = 16 * 1024;

/** Puts the front before a server, which goes on accepting the connections. */
export function putInFront(server: Server, options: FrontOptions): Front {
  const behind = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const held = new Set<Line>();
  server.on('connection', (accepted: Socket) => {
    const light = lightened(accepted);
    const { socket } = light;
    const line = new Line(light, options, {
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
class Line implements AnswerLine {
  readonly #starts: readonly string[];
  readonly #keepAlive: string;
  #pieces: Buffer[] = [];
  /** The answer that is awaited, and the headers of its question. */
  #answer: FlowingResponse | null = null;
  #headers: readonly string[] = NONE;
  #reading = false;
  /** Answers to questions that came together leave together. */
  #gathered = '';
  /** What was sent is not yet taken off; nothing more is read until then. */
  #blocked = false;
  /** No question is expected after the one at hand. */
  #last = false;
  /** The other side has said all it will say. */
  #ended = false;
  /** Whether the last question came from nobody we know, and how many in a row did. */
  #turnedAway = false;
  #refusals = 0;
  /** Runs while nothing is read. */
  #rest: NodeJS.Timeout | null = null;
  /** What arrived is to be read later. */
  #waits = false;
  /** Read after everybody else. */
  late = false;

  readonly socket: Socket;
  readonly #onData = (chunk: Buffer): void => {
    this.#take(chunk);
    // Only lent to us.
    const last = this.#pieces.pop();
    if (last !== undefined) this.#pieces.push(Buffer.from(last));
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    // As node:http does: who has left before the answer gets none.
    if (this.#answer !== null || this.#waits) this.socket.end();
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
    readonly light: LightSocket,
    readonly options: FrontOptions,
    readonly ends: Ends,
  ) {
    const { socket } = light;
    this.socket = socket;
    this.#starts = options.prefixes.map((prefix) => `GET ${prefix}`);
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(options.keepAliveMs / 1000)}\r\n`;
    socket.setTimeout(options.firstByteMs);
    socket.on('timeout', this.#onTimeout);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onEnd);
    light.taker = this.#onData;
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

  static readonly #readLater = inPortions(PORTION, (line: Line) => {
    line.#waits = false;
    line.late = true;
    if (!line.socket.destroyed && line.#answer === null) line.#read();
    line.late = false;
  });

  /** Answers what has arrived, one question after the other, until one has to be waited for. */
  #read(): void {
    if (this.#reading || this.#waits) return;
    this.#reading = true;
    let going = true;
    let left = this.late ? QUESTIONS : 0;
    while (going && this.#asked && (!this.#turnedAway || left-- > 0)) going = this.#readOne();
    this.#reading = false;
    this.#leave();
    // Whoever was turned away is heard after everybody else: a flood of bad tokens shall delay no good call.
    if (going && this.#asked) {
      this.#waits = true;
      Line.#readLater(this);
    } else if (this.#refusals >= PATIENCE && this.#answer === null && !this.#last) this.#leaveAlone();
  }

  #leaveAlone(): void {
    this.socket.pause();
    // Not all of a flood at the same moment.
    const ms = REST_MS * (0.5 + Math.random());
    this.#rest = setTimeout(() => this.socket.resume(), ms).unref();
  }

  /** Something arrived that no answer stands before. */
  get #asked(): boolean {
    return this.#pieces.length > 0 && this.#answer === null && !this.#last;
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
    const answer = new FlowingResponse(this);
    this.#answer = answer;
    this.#turnedAway = false;
    this.#headers = head.rawHeaders;
    handler({ method: 'GET', url: head.url, rawHeaders: head.rawHeaders, socket: this.socket }, answer);
    return true;
  }

  get connection(): string {
    return this.#last ? 'Connection: close\r\n' : this.#keepAlive;
  }

  #fixed(head: string): string {
    return `${head}${this.connection}\r\n`;
  }

  #leave(): void {
    if (this.#gathered === '') return;
    const text = this.#gathered;
    this.#gathered = '';
    this.socket.write(text, 'latin1');
  }

  sendWhole(text: string): void {
    if (this.#ended) return;
    this.#gathered += text;
    const more = this.#reading && this.#pieces.length > 0;
    if (!more || this.#gathered.length > GATHERED_MAX) this.#leave();
    this.sent();
  }

  send(head: string, body: Buffer | string, encoding: 'latin1' | 'utf8'): void {
    if (this.#ended) return;
    const fixed = this.#fixed(head);
    if (typeof body === 'string' && encoding === 'latin1') {
      this.sendWhole(fixed + body);
      return;
    }
    const bytes = typeof body === 'string' ? Buffer.from(body, encoding) : body;
    this.#leave();
    this.socket.write(Buffer.concat([Buffer.from(fixed, 'latin1'), bytes]));
    this.sent();
  }

  begin(head: string): void {
    this.#leave();
    if (!this.#ended) this.socket.write(this.#fixed(head), 'latin1');
  }

  push(bytes: Buffer, chunked: boolean): boolean {
    const { socket } = this;
    if (this.#ended) return true;
    if (chunked) {
      socket.cork();
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
      socket.write(bytes);
      socket.write('\r\n', 'latin1');
      socket.uncork();
    } else socket.write(bytes);
    return !isFull(socket);
  }

  text(text: string): void {
    if (!this.#ended) this.socket.write(text, 'latin1');
  }

  turnedAway(): void {
    this.#turnedAway = true;
    // The next to ask over a connection that is shared may be anybody.
    this.#refusals = this.options.isShared(this.#headers, this.socket) ? 0 : this.#refusals + 1;
  }

  sent(): void {
    if (!this.#turnedAway) this.#refusals = 0;
    if (!this.socket.writableNeedDrain || this.#last) this.#next();
    else this.#blocked = true;
  }

  #next(): void {
    const { socket } = this;
    this.#answer = null;
    this.#headers = NONE;
    this.#blocked = false;
    if (this.#last) {
      this.#leave();
      socket.end();
      return;
    }
    if (socket.timeout !== this.options.keepAliveMs) socket.setTimeout(this.options.keepAliveMs);
    if (this.#pieces.length > 0) socket.resume();
    this.#read();
  }

  #handOver(): void {
    const { socket } = this;
    // A stream that has ended cannot be read again by somebody else. Cut off in its head, a request is none.
    if (this.#ended) {
      this.ends.cutOff();
      return;
    }
    this.#leave();
    this.#last = true;
    if (this.#rest !== null) clearTimeout(this.#rest);
    socket.off('timeout', this.#onTimeout);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    socket.off('end', this.#onEnd);
    this.light.taker = null;
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
