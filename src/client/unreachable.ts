import { TesseraError } from './error.ts';

/** Causes by the code the platform's socket or TLS layer gives, in words a person can act on. */
const CAUSES: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'Start it with: tessera serve, or check host and port.'],
  ENOTFOUND: ['the host name is not known', 'Check the host name.'],
  EAI_AGAIN: ['the host name could not be looked up', 'Check the network and its name service.'],
  EHOSTUNREACH: ['the host cannot be reached', 'Check the network.'],
  ENETUNREACH: ['the network cannot be reached', 'Check the network.'],
  ETIMEDOUT: ['the connection attempt timed out', 'Check host, port and firewall.'],
  UND_ERR_CONNECT_TIMEOUT: ['the connection attempt timed out', 'Check host, port and firewall.'],
  ECONNRESET: ['the connection was cut', 'Check that the address speaks the scheme given (http or https).'],
  UND_ERR_SOCKET: [
    'the connection was cut',
    'Check that the address speaks the scheme given (http or https).',
  ],
  EPIPE: ['the connection was cut', 'Try again.'],
  HPE_INVALID_CONSTANT: ['what listens there does not speak HTTP', 'Check the port, and http or https.'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['what listens there does not speak TLS', 'Try http:// instead of https://.'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['what listens there does not speak TLS', 'Try http:// instead.'],
  EPROTO: ['TLS could not be agreed on', 'Check the port, and http or https.'],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'Renew the certificate.'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'Use the name in the certificate.'],
};

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

/** Error for a call that got no answer. The platform's own error is put into words and then dropped. */
export function unreachable(failure: unknown, origin: string, timeoutMs: number): TesseraError {
  if (nameOf(failure) === 'TimeoutError')
    return failed(
      origin,
      `no answer within ${timeoutMs / 1000} s`,
      'Check that the server is well, or allow more time.',
    );
  // The fetch standard's list of ports that belong to other protocols; there is no code for it.
  if (failure instanceof Error && failure.cause instanceof Error && failure.cause.message === 'bad port')
    return failed(origin, 'HTTP clients refuse this port', 'Let the server listen on another port.');
  const code = codeOf(failure);
  if (code !== undefined && UNTRUSTED.has(code))
    return failed(
      origin,
      'its certificate is not signed by an authority trusted here',
      'Trust its authority: set NODE_EXTRA_CA_CERTS to the file of the CA certificate.',
    );
  const known = code === undefined ? undefined : CAUSES[code];
  if (known !== undefined) return failed(origin, ...known);
  return failed(origin, code ?? 'the request could not be sent', 'Check the address and the network.');
}

const failed = (origin: string, what: string, fix: string) =>
  new TesseraError({ code: 'unreachable', message: `Cannot reach ${origin}: ${what}.`, fix });

const nameOf = (value: unknown): string | undefined => (value instanceof Error ? value.name : undefined);

/** The innermost code: fetch wraps the socket's error, and that may wrap one for each address tried. */
function codeOf(failure: unknown): string | undefined {
  let found: string | undefined;
  let here: unknown = failure;
  for (let depth = 0; depth < 5 && typeof here === 'object' && here !== null; depth += 1) {
    if ('code' in here && typeof here.code === 'string') found = here.code;
    here = 'cause' in here && here.cause !== undefined ? here.cause : firstOf(here);
  }
  return found;
}

const firstOf = (value: object): unknown =>
  'errors' in value && Array.isArray(value.errors) ? value.errors[0] : undefined;
