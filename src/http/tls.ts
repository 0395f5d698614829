import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import net, { type Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { type Fault, fault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';

/** Speaks TLS on accepted connections with a certificate that may be replaced while it runs. */
export interface Tls {
  /** Gives the secured connection to `ready` when the handshake is done; ends it when it fails. */
  secure(socket: Socket, ready: (secured: Duplex) => void): void;
  close(): void;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Told when files changed and were taken, or could not be. */
  readonly reloaded: (fault: Fault | null) => void;
  /** Milliseconds between looks at the files; default 2000. */
  readonly pollMs?: number;
}

const HANDSHAKE_MS = 10_000;

/**
 * Reads certificate and key and follows them. A pair that does not fit or cannot be read replaces nothing: what was
 * good goes on being used.
 */
export function openTls({ certFile, keyFile, reloaded, pollMs = 2000 }: TlsFiles): Result<Tls> {
  const first = readContext(certFile, keyFile);
  if (!first.ok) return first;
  let context = first.value;
  const look = (): void => {
    const next = readContext(certFile, keyFile);
    if (next.ok) context = next.value;
    reloaded(next.ok ? null : next.error);
  };
  // By polling: certificates are replaced by renaming, over mounts, and in containers, where events are missed.
  for (const file of [certFile, keyFile]) watchFile(file, { interval: pollMs, persistent: false }, look);

  return ok({
    secure(socket, ready) {
      const secured = new TLSSocket(socket, {
        isServer: true,
        secureContext: context,
        // One protocol only: HTTP/2 has no reason phrase, and Proxmox speaks through it.
        ALPNProtocols: ['http/1.1'],
      });
      const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS).unref();
      secured.on('error', () => socket.destroy());
      secured.once('close', () => clearTimeout(timer));
      secured.once('secure', () => {
        clearTimeout(timer);
        ready(secured);
      });
    },
    close() {
      for (const file of [certFile, keyFile]) unwatchFile(file, look);
    },
  });
}

function readContext(certFile: string, keyFile: string): Result<SecureContext> {
  try {
    return ok(
      createSecureContext({
        cert: readFileSync(certFile),
        key: readFileSync(keyFile),
        minVersion: 'TLSv1.2',
      }),
    );
  } catch (error) {
    return err(
      fault(
        'unavailable',
        `The TLS certificate ${certFile} and its key cannot be used: ${(error as Error).message}.`,
        {
          fix: "Make a pair with 'tessera tls init', or set TESSERA_TLS_CERT_FILE and TESSERA_TLS_KEY_FILE.",
        },
      ),
    );
  }
}

/** Hands secured connections to the HTTP server as they come. */
export function listenTls(tls: Tls, connected: (secured: Duplex) => void): NetServer & { endAll(): void } {
  const sockets = new Set<Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    tls.secure(socket, connected);
  });
  return Object.assign(server, {
    endAll() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}
