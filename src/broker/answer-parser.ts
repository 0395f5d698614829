import { type FieldName, fieldName } from './field-name.ts';
import { addNamed } from './headers.ts';

/** The head of an answer, as it came. */
export interface AnswerHead {
  readonly status: number;
  /** Latin-1, as it stood on the status line. */
  readonly reason: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** What is known of each of their names. */
  readonly fields: readonly FieldName[];
  /** Names that a `Connection` header takes for itself. */
  readonly named: ReadonlySet<string> | null;
  readonly body: 'none' | 'length' | 'chunked' | 'close';
  /** With body `length`. */
  readonly length: number;
  /** The connection may carry another call afterwards. */
  readonly keepAlive: boolean;
  /** The body is compressed, or otherwise not what it will be. */
  readonly coded: boolean;
  /** The whole head as it came, Latin-1. */
  readonly text: string;
}

export interface AnswerEvents {
  head(head: AnswerHead): void;
  /** A part of the body. `last` only where the length told; `end` follows in every case. */
  body(part: Buffer, last: boolean): void;
  /** @param trailers names and values in turn */
  end(trailers: readonly string[], rest: Buffer | null): void;
  /** What arrives is no HTTP/1.1 answer, or one that could be read in two ways. */
  fault(what: string): void;
}

const MAX_HEAD = 64 * 1024;
const MAX_LINE = 4096;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9][0-9])(?: ([^\r\n\0]*))?$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');

const NO_TRAILERS: readonly string[] = [];

type State = 'head' | 'length' | 'close' | 'size' | 'data' | 'data-end' | 'trailers' | 'done';

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) strictly: folded lines, bare line feeds, odd names, two framings or an
 * unknown coding are faults, because what the next reader makes of them is anybody's guess.
 *
 * A class, because one is made for every call: its methods are made once.
 */
export class AnswerParser {
  /** Whether a byte of an answer was seen. */
  begun = false;
  private readonly method: string;
  private readonly upgrade: boolean;
  private readonly events: AnswerEvents;
  private state: State = 'head';
  /** Bytes of an unfinished head or line. */
  private held: Buffer | null = null;
  private left = 0;
  private trailers: readonly string[] = NO_TRAILERS;
  private trailerBytes = 0;

  /**
   * @param method of the request: an answer to HEAD has no body
   * @param upgrade whether 101 is welcome; it ends the answer, and what follows is `rest`
   */
  constructor(method: string, upgrade: boolean, events: AnswerEvents) {
    this.method = method;
    this.upgrade = upgrade;
    this.events = events;
  }

  push(chunk: Buffer): void {
    this.begun = true;
    let rest: Buffer | null = this.held === null ? chunk : Buffer.concat([this.held, chunk]);
    this.held = null;
    while (rest !== null && rest.length > 0) rest = this.step(rest);
  }

  /** The connection ended. True when that ended the answer as it should. */
  finish(): boolean {
    if (this.state !== 'close') return this.state === 'done';
    this.end(null);
    return true;
  }

  private fault(what: string): void {
    this.state = 'done';
    this.events.fault(what);
  }

  private end(rest: Buffer | null): void {
    this.state = 'done';
    this.events.end(this.trailers, rest !== null && rest.length > 0 ? rest : null);
  }

  private readHead(all: Buffer): Buffer | null {
    const at = all.indexOf(BLANK_LINE);
    if (at === -1 ? all.length > MAX_HEAD : at > MAX_HEAD) {
      this.fault('the head is too large');
      return null;
    }
    if (at === -1) {
      // Whatever is not HTTP need not be waited for.
      if (!'HTTP/1.'.startsWith(all.toString('latin1', 0, Math.min(7, all.length))))
        this.fault('it is no HTTP/1.1 answer');
      else this.held = all;
      return null;
    }
    const rest = all.subarray(at + 4);
    const head = parseHead(all.toString('latin1', 0, at), this.method);
    if (typeof head === 'string') {
      this.fault(head);
      return null;
    }
    if (head.status < 200) {
      if (head.status !== 101) return rest;
      if (!this.upgrade) {
        this.fault('it changes the protocol unasked');
        return null;
      }
      this.events.head(head);
      if ((this.state as State) !== 'done') this.end(rest);
      return null;
    }
    this.state = head.body === 'chunked' ? 'size' : head.body === 'none' ? 'done' : head.body;
    this.left = head.length;
    this.events.head(head);
    if (head.body === 'none') this.end(rest);
    return head.body === 'none' ? null : rest;
  }

  /** One line without its end; null while it is not whole. */
  private takeLine(all: Buffer): { line: string; rest: Buffer } | null {
    const at = all.indexOf(10);
    if (at === -1) {
      if (all.length > MAX_LINE) this.fault('a line of the chunked body is too long');
      else this.held = all;
      return null;
    }
    if (at === 0 || all[at - 1] !== 13 || at > MAX_LINE) {
      this.fault('a line of the chunked body is malformed');
      return null;
    }
    return { line: all.toString('latin1', 0, at - 1), rest: all.subarray(at + 1) };
  }

  private step(all: Buffer): Buffer | null {
    switch (this.state) {
      case 'head':
        return this.readHead(all);
      case 'length': {
        if (all.length < this.left) {
          this.left -= all.length;
          this.events.body(all, false);
          return null;
        }
        const part = all.length === this.left ? all : all.subarray(0, this.left);
        const rest = all.length === this.left ? null : all.subarray(this.left);
        this.left = 0;
        this.state = 'done';
        this.events.body(part, true);
        this.end(rest);
        return null;
      }
      case 'close':
        this.events.body(all, false);
        return null;
      case 'size': {
        const taken = this.takeLine(all);
        if (taken === null) return null;
        const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(taken.line)?.[1];
        if (size === undefined) {
          this.fault('the size of a chunk is malformed');
          return null;
        }
        this.left = Number.parseInt(size, 16);
        this.state = this.left === 0 ? 'trailers' : 'data';
        return taken.rest;
      }
      case 'data': {
        const part = all.length <= this.left ? all : all.subarray(0, this.left);
        this.left -= part.length;
        if (this.left === 0) this.state = 'data-end';
        this.events.body(part, false);
        return all.subarray(part.length);
      }
      case 'data-end':
        if (all.length === 1 && all[0] === 13) {
          this.held = all;
          return null;
        }
        if (all[0] !== 13 || all[1] !== 10) {
          this.fault('a chunk is longer than it said');
          return null;
        }
        this.state = 'size';
        return all.subarray(2);
      case 'trailers': {
        const taken = this.takeLine(all);
        if (taken === null) return null;
        if (taken.line === '') {
          this.end(taken.rest);
          return null;
        }
        this.trailerBytes += taken.line.length;
        const field = this.trailerBytes > MAX_HEAD ? null : parseField(taken.line);
        if (field === null) {
          this.fault('a trailer is malformed');
          return null;
        }
        this.trailers = [...this.trailers, ...field];
        return taken.rest;
      }
      case 'done':
        return null;
    }
  }
}

function parseField(line: string): [string, string] | null {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  const value = trimmed(line, colon + 1, line.length);
  return colon > 0 && fieldName(name).proper && VALUE.test(value) ? [name, value] : null;
}

/** What stands between two places, without blanks and tabs around it. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** The head, or what is wrong with it. */
function parseHead(text: string, method: string): AnswerHead | string {
  let at = text.indexOf('\r\n');
  const startLine = at === -1 ? text : text.slice(0, at);
  const start = STATUS_LINE.exec(startLine);
  if (start === null) return 'the status line is malformed';
  const status = Number(start[2]);
  const rawHeaders: string[] = [];
  const fields: FieldName[] = [];
  let named: Set<string> | null = null;
  let length: string | null = null;
  let coding: string | null = null;
  let coded = false;
  let keepAlive = start[1] === '1';
  while (at !== -1) {
    const from = at + 2;
    at = text.indexOf('\r\n', from);
    const end = at === -1 ? text.length : at;
    const colon = text.indexOf(':', from);
    if (colon <= from || colon >= end) return 'a header is malformed';
    const name = text.slice(from, colon);
    const field = fieldName(name);
    const value = trimmed(text, colon + 1, end);
    if (!field.proper || !VALUE.test(value)) return 'a header is malformed';
    rawHeaders.push(name, value);
    fields.push(field);
    switch (field.lower) {
      case 'connection':
        named = addNamed(named, value);
        if (/\bclose\b/i.test(value)) keepAlive = false;
        break;
      case 'content-encoding':
        coded ||= value.toLowerCase() !== 'identity';
        break;
      case 'content-length':
        if (!/^\d{1,15}$/.test(value) || (length !== null && length !== value))
          return 'its Content-Length is malformed';
        length = value;
        break;
      case 'transfer-encoding':
        if (coding !== null) return 'Transfer-Encoding is repeated';
        coding = value.toLowerCase();
        break;
      default:
    }
  }
  if (coding !== null && length !== null) return 'it has two lengths';
  let body: AnswerHead['body'] = 'length';
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') body = 'none';
  else if (coding !== null) {
    if (coding !== 'chunked' || start[1] === '0') return 'its Transfer-Encoding is not known';
    body = 'chunked';
  } else if (length === null) {
    body = 'close';
    keepAlive = false;
  } else if (Number(length) === 0) body = 'none';
  return {
    status,
    reason: start[3] ?? '',
    rawHeaders,
    fields,
    named,
    body,
    length: Number(length ?? 0),
    keepAlive,
    coded,
    text,
  };
}
