/** The head of an answer, as it came. */
export interface AnswerHead {
  readonly status: number;
  /** Latin-1, as it stood on the status line. */
  readonly reason: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: 'none' | 'length' | 'chunked' | 'close';
  /** With body `length`. */
  readonly length: number;
  /** The connection may carry another call afterwards. */
  readonly keepAlive: boolean;
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

export interface AnswerParser {
  push(chunk: Buffer): void;
  /** The connection ended. True when that ended the answer as it should. */
  finish(): boolean;
  /** Whether a byte of an answer was seen. */
  readonly begun: boolean;
}

const MAX_HEAD = 64 * 1024;
const MAX_LINE = 4096;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9][0-9])(?: ([^\r\n\0]*))?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');

type State = 'head' | 'length' | 'close' | 'size' | 'data' | 'data-end' | 'trailers' | 'done';

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) strictly: folded lines, bare line feeds, odd names, two framings or an
 * unknown coding are faults, because what the next reader makes of them is anybody's guess.
 *
 * @param method of the request: an answer to HEAD has no body
 * @param upgrade whether 101 is welcome; it ends the answer, and what follows is `rest`
 */
export function createAnswerParser(method: string, upgrade: boolean, events: AnswerEvents): AnswerParser {
  let state: State = 'head';
  let begun = false;
  /** Bytes of an unfinished head or line. */
  let held: Buffer | null = null;
  let left = 0;
  let trailers: string[] = [];
  let trailerBytes = 0;

  function fault(what: string): void {
    state = 'done';
    events.fault(what);
  }

  function end(rest: Buffer | null): void {
    state = 'done';
    events.end(trailers, rest !== null && rest.length > 0 ? rest : null);
  }

  function readHead(all: Buffer): Buffer | null {
    const at = all.indexOf(BLANK_LINE);
    if (at === -1 ? all.length > MAX_HEAD : at > MAX_HEAD) {
      fault('the head is too large');
      return null;
    }
    if (at === -1) {
      // Whatever is not HTTP need not be waited for.
      if (!'HTTP/1.'.startsWith(all.toString('latin1', 0, Math.min(7, all.length))))
        fault('it is no HTTP/1.1 answer');
      else held = all;
      return null;
    }
    const rest = all.subarray(at + 4);
    const head = parseHead(all.toString('latin1', 0, at), method);
    if (typeof head === 'string') {
      fault(head);
      return null;
    }
    if (head.status < 200) {
      if (head.status !== 101) return rest;
      if (!upgrade) {
        fault('it changes the protocol unasked');
        return null;
      }
      events.head(head);
      if ((state as State) !== 'done') end(rest);
      return null;
    }
    state = head.body === 'chunked' ? 'size' : head.body === 'none' ? 'done' : head.body;
    left = head.length;
    events.head(head);
    if (head.body === 'none') end(rest);
    return head.body === 'none' ? null : rest;
  }

  /** One line without its end; null while it is not whole. */
  function takeLine(all: Buffer): { line: string; rest: Buffer } | null {
    const at = all.indexOf(10);
    if (at === -1) {
      if (all.length > MAX_LINE) fault('a line of the chunked body is too long');
      else held = all;
      return null;
    }
    if (at === 0 || all[at - 1] !== 13 || at > MAX_LINE) {
      fault('a line of the chunked body is malformed');
      return null;
    }
    return { line: all.toString('latin1', 0, at - 1), rest: all.subarray(at + 1) };
  }

  function step(all: Buffer): Buffer | null {
    switch (state) {
      case 'head':
        return readHead(all);
      case 'length': {
        if (all.length < left) {
          left -= all.length;
          events.body(all, false);
          return null;
        }
        const part = all.length === left ? all : all.subarray(0, left);
        const rest = all.length === left ? null : all.subarray(left);
        left = 0;
        state = 'done';
        events.body(part, true);
        end(rest);
        return null;
      }
      case 'close':
        events.body(all, false);
        return null;
      case 'size': {
        const taken = takeLine(all);
        if (taken === null) return null;
        const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(taken.line)?.[1];
        if (size === undefined) {
          fault('the size of a chunk is malformed');
          return null;
        }
        left = Number.parseInt(size, 16);
        state = left === 0 ? 'trailers' : 'data';
        return taken.rest;
      }
      case 'data': {
        const part = all.length <= left ? all : all.subarray(0, left);
        left -= part.length;
        if (left === 0) state = 'data-end';
        events.body(part, false);
        return all.subarray(part.length);
      }
      case 'data-end':
        if (all.length === 1 && all[0] === 13) {
          held = all;
          return null;
        }
        if (all[0] !== 13 || all[1] !== 10) {
          fault('a chunk is longer than it said');
          return null;
        }
        state = 'size';
        return all.subarray(2);
      case 'trailers': {
        const taken = takeLine(all);
        if (taken === null) return null;
        if (taken.line === '') {
          end(taken.rest);
          return null;
        }
        trailerBytes += taken.line.length;
        const field = trailerBytes > MAX_HEAD ? null : parseField(taken.line);
        if (field === null) {
          fault('a trailer is malformed');
          return null;
        }
        trailers = [...trailers, ...field];
        return taken.rest;
      }
      case 'done':
        return null;
    }
  }

  return {
    push(chunk) {
      begun = true;
      let rest: Buffer | null = held === null ? chunk : Buffer.concat([held, chunk]);
      held = null;
      while (rest !== null && rest.length > 0) rest = step(rest);
    },
    finish() {
      if (state !== 'close') return state === 'done';
      end(null);
      return true;
    },
    get begun() {
      return begun;
    },
  };
}

function parseField(line: string): [string, string] | null {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
  return colon > 0 && TOKEN.test(name) && VALUE.test(value) ? [name, value] : null;
}

/** The head, or what is wrong with it. */
function parseHead(text: string, method: string): AnswerHead | string {
  const lines = text.split('\r\n');
  const start = STATUS_LINE.exec(lines[0] ?? '');
  if (start === null) return 'the status line is malformed';
  const status = Number(start[2]);
  const rawHeaders: string[] = [];
  let length: string | null = null;
  let coding: string | null = null;
  let keepAlive = start[1] === '1';
  for (let at = 1; at < lines.length; at++) {
    const field = parseField(lines[at] as string);
    if (field === null) return 'a header is malformed';
    const [name, value] = field;
    rawHeaders.push(name, value);
    switch (name.length) {
      case 10:
        if (name.toLowerCase() === 'connection' && /\bclose\b/i.test(value)) keepAlive = false;
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (!/^\d{1,15}$/.test(value) || (length !== null && length !== value))
            return 'its Content-Length is malformed';
          length = value;
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          if (coding !== null) return 'Transfer-Encoding is repeated';
          coding = value.toLowerCase();
        }
        break;
      default:
    }
  }
  const head = { status, reason: start[3] ?? '', rawHeaders, length: Number(length ?? 0), keepAlive };
  if (coding !== null && length !== null) return 'it has two lengths';
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return { ...head, body: 'none' };
  if (coding !== null) {
    if (coding !== 'chunked' || start[1] === '0') return 'its Transfer-Encoding is not known';
    return { ...head, body: 'chunked' };
  }
  if (length === null) return { ...head, body: 'close', keepAlive: false };
  return { ...head, body: head.length === 0 ? 'none' : 'length' };
}
