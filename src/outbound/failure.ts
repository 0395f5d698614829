/** The layer at which a call ended. */
export type Stage = 'dns' | 'tcp' | 'tls' | 'http';

export type FailureCode =
  // dns
  | 'dns_not_found'
  | 'dns_temporary'
  | 'address_forbidden'
  // tcp
  | 'refused'
  | 'connect_timeout'
  | 'unreachable'
  | 'reset'
  | 'connect_failed'
  // tls
  | 'tls_timeout'
  | 'tls_reset'
  | 'not_tls'
  | 'tls_version'
  | 'tls_untrusted'
  | 'tls_name'
  | 'tls_expired'
  | 'tls_not_yet_valid'
  | 'pin_mismatch'
  | 'trust_ended'
  | 'tls_failed'
  // http
  | 'bad_request'
  | 'first_byte_timeout'
  | 'total_timeout'
  | 'headers_too_large'
  | 'body_too_large'
  | 'malformed_response'
  | 'connection_lost';

/** Why no answer came. Carries facts only; neither message nor evidence ever holds a header or a body. */
export interface OutboundFailure {
  readonly stage: Stage;
  readonly code: FailureCode;
  readonly message: string;
  /** What was seen, by short names: `errno`, `address`, `fingerprint`, ... */
  readonly evidence: Readonly<Record<string, string>>;
}

export function failure(
  stage: Stage,
  code: FailureCode,
  message: string,
  evidence: Readonly<Record<string, string>> = {},
): OutboundFailure {
  return { stage, code, message, evidence };
}

/** Code of a platform error (`ECONNREFUSED`, `ERR_SSL_...`, `HPE_...`), or its name where it has none. */
export function errno(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : error.name;
}

/** Errors of the resolver: getaddrinfo (`ENOTFOUND`, `EAI_AGAIN`) and c-ares spellings. */
export function dnsFailure(error: unknown, host: string): OutboundFailure {
  const code = errno(error);
  const unknown = ['ENOTFOUND', 'ENODATA', 'ENONAME', 'EAI_NONAME', 'EAI_NODATA'].includes(code);
  return unknown
    ? failure('dns', 'dns_not_found', `The name ${host} is unknown to this machine's resolver`, {
        errno: code,
        host,
      })
    : failure('dns', 'dns_temporary', `The resolver did not answer for ${host}`, { errno: code, host });
}

const CUT = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'];

/** Errors of `connect(2)` to one address. */
export function tcpFailure(error: unknown, address: string, port: number): OutboundFailure {
  const code = errno(error);
  const at = `${address} port ${port}`;
  const evidence = { errno: code, address, port: String(port) };
  if (code === 'ECONNREFUSED')
    return failure('tcp', 'refused', `The connection to ${at} was refused`, evidence);
  if (code === 'ETIMEDOUT') return failure('tcp', 'connect_timeout', `No answer from ${at}`, evidence);
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'].includes(code))
    return failure('tcp', 'unreachable', `There is no route to ${at}`, evidence);
  if (CUT.includes(code)) return failure('tcp', 'reset', `${at} cut the connection at once`, evidence);
  return failure('tcp', 'connect_failed', `The connection to ${at} failed (${code})`, evidence);
}

/** Errors during the TLS handshake, before any verdict on the certificate. */
export function tlsFailure(error: unknown, bytesRead: number): OutboundFailure {
  const code = errno(error);
  const text = error instanceof Error ? error.message : '';
  const evidence = { errno: code, bytesRead: String(bytesRead), ...opensslReason(text) };
  if (
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code) ||
    /wrong version number|packet length too long|http request/i.test(text)
  )
    return failure('tls', 'not_tls', 'The other side does not speak TLS', evidence);
  if (
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|VERSION_TOO_LOW/.test(code) ||
    /protocol version|unsupported protocol|version too low/i.test(text)
  )
    return failure('tls', 'tls_version', 'No TLS version is common to both sides', evidence);
  if (CUT.includes(code))
    return failure('tls', 'tls_reset', 'The connection was cut during the TLS handshake', evidence);
  return failure('tls', 'tls_failed', `The TLS handshake failed (${code})`, evidence);
}

/** Errors after the request was handed to a trusted socket. */
export function httpFailure(error: unknown): OutboundFailure {
  const code = errno(error);
  const evidence = { errno: code };
  if (code === 'HPE_HEADER_OVERFLOW')
    return failure('http', 'headers_too_large', 'The answer has too many headers', evidence);
  if (code.startsWith('HPE_'))
    return failure('http', 'malformed_response', 'The answer is not valid HTTP', evidence);
  if (code.startsWith('ERR_'))
    return failure('http', 'bad_request', `The request cannot be sent (${code})`, evidence);
  return failure(
    'http',
    'connection_lost',
    'The connection was cut before the answer was complete',
    evidence,
  );
}

/** OpenSSL writes `...:routines:func:reason:...`; only the reason helps a person. */
function opensslReason(text: string): Record<string, string> {
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(text)?.[1];
  return reason === undefined ? {} : { reason };
}
