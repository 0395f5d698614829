/** What is known of a header's name, looked up by the spelling in which it came. */
export interface FieldName {
  readonly lower: string;
  /** Made of the characters that names may have (RFC 9110 section 5.6.2). */
  readonly proper: boolean;
  /** In a request: travels whatever the route. */
  readonly passes: boolean;
  /** In an answer: ends here. */
  readonly endsHere: boolean;
}

/** Headers of a caller that travel whatever the route. Everything else stays behind unless the route names it. */
const PASSED = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'date',
  'digest',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'pragma',
  'prefer',
  'range',
  'repr-digest',
  'content-digest',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-osmo-client-version',
  'x-request-id',
]);

/** Answer headers that end here: they speak of this connection, set cookies, or bind browsers to the other system. */
const ENDS_HERE = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'transfer-encoding',
  'upgrade',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'alt-svc',
  'clear-site-data',
  'public-key-pins',
  'www-authenticate',
  'authentication-info',
]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Tools use a handful of spellings; whoever invents names by the thousand is not remembered. */
const KNOWN_MAX = 1000;
const known = new Map<string, FieldName>();

export function fieldName(name: string): FieldName {
  const found = known.get(name);
  if (found !== undefined) return found;
  const lower = name.toLowerCase();
  const made: FieldName = {
    lower,
    proper: TOKEN.test(name),
    passes: PASSED.has(lower),
    endsHere: ENDS_HERE.has(lower),
  };
  if (known.size < KNOWN_MAX && name.length <= 64) known.set(name, made);
  return made;
}
