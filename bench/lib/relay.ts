import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to another system that knows how long that system kept its caller waiting. */
export interface Relay {
  readonly port: number;
  /** Milliseconds during which an answer was owed on at least one connection, since the last call of this. */
  owedMs(): number;
  close(): void;
}

/**
 * Passes bytes on to a port of this machine. From the bytes of a caller until the next bytes of the other system an
 * answer is owed, be it to a handshake or to a request.
 *
 * @param delayMs how much longer each piece of an answer takes
 */
export async function startRelay(port: number, delayMs = 0): Promise<Relay> {
  const waiting = new Set<Socket>();
  const open = new Set<Socket>();
  let owedSince = 0;
  let owed = 0;

  const waits = (caller: Socket): void => {
    if (waiting.size === 0) owedSince = performance.now();
    waiting.add(caller);
  };
  const waitsNoMore = (caller: Socket): void => {
    if (waiting.delete(caller) && waiting.size === 0) owed += performance.now() - owedSince;
  };

  const server: Server = createServer((caller) => {
    const other = connect({ port, host: '127.0.0.1', noDelay: true });
    caller.setNoDelay(true);
    const end = (): void => {
      waitsNoMore(caller);
      caller.destroy();
      other.destroy();
      open.delete(caller);
    };
    open.add(caller);
    caller.on('data', (bytes) => {
      waits(caller);
      other.write(bytes);
    });
    other.on('data', (bytes) => {
      const deliver = (): void => {
        waitsNoMore(caller);
        caller.write(bytes);
      };
      if (delayMs === 0) deliver();
      else setTimeout(deliver, delayMs);
    });
    for (const socket of [caller, other]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    owedMs() {
      const sum = owed;
      owed = 0;
      return sum;
    },
    close() {
      for (const caller of open) caller.destroy();
      server.close();
    },
  };
}
