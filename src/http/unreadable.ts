import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { fault } from '../base/fault.ts';
import { randomBase62, systemRandom } from '../crypto/random.ts';
import { PROBLEM_TYPE, problemOf, statusOf } from './problem.ts';

/** Refusals of requests that never became one: there is only the socket to answer on. */

const LATE = fault('request_timeout', 'The request did not arrive whole in its time.');
const TOO_LARGE = fault(
  'headers_too_large',
  `Address and header fields together may have at most ${maxHeaderSize} bytes.`,
  { fix: 'Send less in the address, or fewer cookies.' },
);
const MALFORMED = fault('invalid_request', 'This is not a request of HTTP/1.1.');

/** Answers what node:http could not read, and ends the connection. */
export function refuseUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') endWith(socket, LATE);
  else if (error.code === 'HPE_HEADER_OVERFLOW') endWith(socket, TOO_LARGE);
  else endWith(socket, MALFORMED);
}

/** Ends a connection whose request has not arrived whole in its time. */
export const refuseLate = (socket: Socket): void => endWith(socket, LATE);

function endWith(socket: Socket, refusal: typeof LATE): void {
  if (socket.writable) {
    const status = statusOf(refusal.code);
    const body = JSON.stringify(problemOf(refusal, randomBase62(12, systemRandom)));
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
