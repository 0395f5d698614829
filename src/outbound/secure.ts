import { isIP, type Socket } from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { err, ok, type Result } from '../base/result.ts';
import { failure, type OutboundFailure, tlsFailure } from './failure.ts';
import { type PeerReport, readPeer } from './peer.ts';

export interface Handshake {
  readonly socket: TLSSocket;
  readonly peer: PeerReport;
}

/**
 * Runs the TLS handshake on a connected socket and reads what the other side showed. Nothing is decided here
 * and nothing is sent after the handshake: the caller judges the report first.
 *
 * @param host name the certificate should be for, also sent as SNI unless it is an address
 */
export function handshake(
  socket: Socket,
  host: string,
  context: SecureContext,
  timeoutMs: number,
): Promise<Result<Handshake, OutboundFailure>> {
  if (socket.destroyed)
    return Promise.resolve(
      err(tlsFailure(Object.assign(new Error('cut before the handshake'), { code: 'ECONNRESET' }), 0)),
    );
  return new Promise((resolve) => {
    const bytesBefore = socket.bytesRead;
    const secure = tls.connect({
      socket,
      secureContext: context,
      // The verdict is ours to read, see trust.ts; here Node must neither abort nor judge the name.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      // One protocol only: HTTP/2 has no reason phrase, and Proxmox speaks through it.
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const settle = (result: Result<Handshake, OutboundFailure>): void => {
      clearTimeout(timer);
      secure.removeListener('secureConnect', done);
      secure.removeListener('error', failed);
      secure.removeListener('close', closed);
      // Between this moment and its next owner the socket may fail with nobody listening.
      secure.on('error', () => {});
      if (!result.ok) {
        secure.destroy();
        socket.destroy();
      }
      resolve(result);
    };
    const done = (): void => settle(ok({ socket: secure, peer: readPeer(secure, host) }));
    const failed = (error: Error): void => settle(err(tlsFailure(error, socket.bytesRead - bytesBefore)));
    const closed = (): void =>
      failed(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' }));
    const timer = setTimeout(
      () =>
        settle(
          err(
            failure('tls', 'tls_timeout', 'The other side did not finish the TLS handshake in time', {
              timeoutMs: String(timeoutMs),
            }),
          ),
        ),
      timeoutMs,
    );
    secure.once('secureConnect', done);
    secure.once('error', failed);
    secure.once('close', closed);
  });
}
