/** A request of one head and nothing else, as the guard reads it. */
export interface PlainHead {
  readonly url: string;
  /** Names and values in turn, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: string[];
  readonly host: string;
}

/** Longer heads are not worth a second reader. */
export const PLAIN_HEAD_BYTES = 8_192;
const HEADERS_MAX = 100;

/**
 * Just what needs no thought: origin form, HTTP/1.1, field lines of RFC 9110 section 5 without a fold, each ended by
 * CRLF, nothing behind the empty line.
 */
const PLAIN =
  /^GET (\/[!-"$-~]*) HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/;

/** These change how a connection goes on or what belongs to the message: the whole parser's business. */
const NOT_PLAIN = new Set([
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'proxy-connection',
  'http2-settings',
]);

/**
 * Reads a request that cannot mean anything else to any parser; null for all others, also for good ones. The text
 * holds the bytes as Latin-1.
 */
export function readPlainHead(text: string): PlainHead | null {
  if (text.length > PLAIN_HEAD_BYTES) return null;
  const url = PLAIN.exec(text)?.[1];
  if (url === undefined) return null;
  const rawHeaders: string[] = [];
  let host: string | null = null;
  let at = text.indexOf('\r\n') + 2;
  const last = text.length - 2;
  while (at < last) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon);
    const value = withoutBlanks(text, colon + 1, end);
    at = end + 2;
    if (!changesNothing(name, value)) return null;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      if (host !== null || value === '') return null;
      host = value;
    }
    rawHeaders.push(name, value);
  }
  return host === null || rawHeaders.length > 2 * HEADERS_MAX ? null : { url, rawHeaders, host };
}

function changesNothing(name: string, value: string): boolean {
  switch (name.length) {
    case 10:
      return name.toLowerCase() !== 'connection' || value.toLowerCase() === 'keep-alive';
    case 6:
    case 7:
    case 14:
    case 16:
    case 17:
      return !NOT_PLAIN.has(name.toLowerCase());
    default:
      return true;
  }
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

function withoutBlanks(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
