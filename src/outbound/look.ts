import http from 'node:http';
import type { Socket } from 'node:net';
import tls, { type SecureVersion } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { refuseAddress } from './addresses.ts';
import { allowedAddresses, connectFirst, connectTo, type Network } from './dial.ts';
import { failure, httpFailure, type OutboundFailure } from './failure.ts';
import { type Deadlines, type Limits, type OutboundResponse, readHead } from './message.ts';
import { type Origin, originAuthority } from './origin.ts';
import { checkPath } from './path.ts';
import type { PeerReport } from './peer.ts';
import { handshake } from './secure.ts';
import { judgePeer, type Trust, trustContext } from './trust.ts';

export interface Inspection {
  readonly peer: PeerReport;
  /** Why the trust of this connection does not hold; absent where it does. */
  readonly refusal?: OutboundFailure;
}

/**
 * Looking at an origin without saying anything that matters: no call here takes a header, a body or a
 * credential, so all of them may run before trust is decided.
 */
export interface Look {
  /** Addresses of the host that may be dialled. */
  addresses(): Promise<Result<readonly string[], OutboundFailure>>;
  /** Opens and closes a TCP connection to one address. */
  reach(address: string, port?: number): Promise<Result<true, OutboundFailure>>;
  /** TLS handshake, nothing sent; the certificate as shown, and the verdict of this connection's trust. */
  certificate(versions?: { readonly only?: SecureVersion }): Promise<Result<Inspection, OutboundFailure>>;
  /** First bytes of whatever listens: a banner, or the answer to a bare HTTP/1.0 GET in clear. At most 512. */
  banner(waitMs?: number): Promise<Result<string, OutboundFailure>>;
  /** GET with no credential and **without** verification: for what a server says of itself in public. */
  anonymous(path: string, port?: number): Promise<Result<OutboundResponse, OutboundFailure>>;
}

interface LookParts {
  readonly origin: Origin;
  readonly trust: Trust;
  readonly network: Network;
  readonly deadlines: Deadlines;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly serverName: string;
}

const BANNER_BYTES = 512;

export function createLook(parts: LookParts): Look {
  const { origin, trust, network, deadlines, limits, clock, serverName } = parts;

  const addresses = () => allowedAddresses(network, origin);

  async function connectAnywhere(port = origin.port) {
    const found = await addresses();
    return found.ok ? connectFirst(network, found.value, port, deadlines.connectMs) : found;
  }

  async function reach(address: string, port = origin.port): Promise<Result<true, OutboundFailure>> {
    const refusal = refuseAddress(address, origin.loopback);
    if (refusal !== undefined)
      return err(failure('dns', 'address_forbidden', `${address} is never dialled`, { address, refusal }));
    const socket = await connectTo(network, address, port, deadlines.connectMs);
    if (!socket.ok) return socket;
    socket.value.destroy();
    return ok(true);
  }

  async function certificate(versions: { readonly only?: SecureVersion } = {}) {
    const socket = await connectAnywhere();
    if (!socket.ok) return socket;
    // An old version is asked for only to name it; level 0 lets OpenSSL speak it at all.
    const context = versions.only
      ? tls.createSecureContext({
          minVersion: versions.only,
          maxVersion: versions.only,
          ciphers: 'DEFAULT@SECLEVEL=0',
        })
      : trustContext(trust);
    const shaken = await handshake(socket.value, serverName, context, deadlines.tlsMs);
    if (!shaken.ok) return shaken;
    shaken.value.socket.destroy();
    const refusal = judgePeer(trust, shaken.value.peer, clock);
    return ok<Inspection>({ peer: shaken.value.peer, ...(refusal ? { refusal } : {}) });
  }

  async function banner(waitMs = 300): Promise<Result<string, OutboundFailure>> {
    const connected = await connectAnywhere();
    if (!connected.ok) return connected;
    const socket = connected.value;
    return new Promise((resolve) => {
      let seen = '';
      const done = (result: Result<string, OutboundFailure>): void => {
        clearTimeout(speak);
        clearTimeout(giveUp);
        socket.destroy();
        resolve(result);
      };
      const speak = setTimeout(() => {
        socket.write(`GET / HTTP/1.0\r\nHost: ${originAuthority(origin)}\r\n\r\n`);
      }, waitMs);
      const giveUp = setTimeout(() => done(ok(seen)), waitMs + Math.min(deadlines.firstByteMs, 5000));
      socket.on('data', (part: Buffer) => {
        clearTimeout(speak);
        seen += part.toString('latin1');
        // A head is told from the rest by its empty line; a banner ends with its line.
        const complete = seen.startsWith('HTTP/') ? seen.includes('\r\n\r\n') : seen.includes('\n');
        if (complete || seen.length >= BANNER_BYTES) done(ok(seen.slice(0, BANNER_BYTES)));
      });
      socket.once('end', () => done(ok(seen)));
      socket.once('error', (error) =>
        done(
          err(
            failure('tcp', 'connect_failed', 'The connection was cut', {
              errno: httpFailure(error).evidence.errno ?? '',
            }),
          ),
        ),
      );
      socket.once('close', () => done(ok(seen)));
    });
  }

  async function anonymous(path: string, port = origin.port) {
    const fault = checkPath(path);
    if (fault !== undefined) return err(failure('http', 'bad_request', fault));
    const connected = await connectAnywhere(port);
    if (!connected.ok) return connected;
    if (origin.scheme === 'http') return get(connected.value, path, port);
    const shaken = await handshake(
      connected.value,
      serverName,
      trustContext({ mode: 'system' }),
      deadlines.tlsMs,
    );
    return shaken.ok ? get(shaken.value.socket, path, port) : shaken;
  }

  function get(
    socket: Socket,
    path: string,
    port: number,
  ): Promise<Result<OutboundResponse, OutboundFailure>> {
    return new Promise((resolve) => {
      const parts: Buffer[] = [];
      let size = 0;
      const request = http.request({
        createConnection: () => socket,
        agent: undefined,
        path: `${origin.basePath}${path}`,
        headers: {
          Host: originAuthority({ ...origin, port }),
          Accept: 'application/json',
          Connection: 'close',
        },
        setHost: false,
        maxHeaderSize: limits.maxHeaderBytes,
      });
      const done = (result: Result<OutboundResponse, OutboundFailure>): void => {
        clearTimeout(timer);
        resolve(result);
        request.destroy();
        socket.destroy();
      };
      const totalMs = Math.min(deadlines.totalMs, deadlines.firstByteMs);
      const timer = setTimeout(
        () =>
          done(
            err(failure('http', 'total_timeout', 'No answer came in time', { timeoutMs: String(totalMs) })),
          ),
        totalMs,
      );
      request.on('error', (error) => done(err(httpFailure(error))));
      request.once('response', (message) => {
        const finish = (): void => done(ok({ ...readHead(message), body: Buffer.concat(parts) }));
        message.on('data', (part: Buffer) => {
          size += part.length;
          parts.push(part);
          if (size > limits.maxBodyBytes)
            done(err(failure('http', 'body_too_large', 'The answer is too large')));
        });
        message.once('end', finish);
        message.once('error', (error) => done(err(httpFailure(error))));
      });
      request.end();
    });
  }

  return { addresses, reach, certificate, banner, anonymous };
}
