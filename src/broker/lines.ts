import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { err, ok, type Result } from '../base/result.ts';
import { allowedAddresses, connectFirst, type Network, systemNetwork } from '../outbound/dial.ts';
import type { OutboundFailure } from '../outbound/failure.ts';
import type { Origin } from '../outbound/origin.ts';
import { handshake } from '../outbound/secure.ts';
import { judgePeer, type Trust, trustContext, trustEnded } from '../outbound/trust.ts';

/** Whoever uses a line at the moment hears what happens on it. */
export interface LineUser {
  data(chunk: Buffer): void;
  drained(): void;
  /** The other side ended, or broke off; nothing follows. */
  ended(broken: boolean): void;
}

/** One connection to the other system, whose trust is judged. */
export interface Line {
  readonly socket: Socket;
  user: LineUser | null;
  /** Calls it has carried before. */
  uses: number;
  idleSince: number;
}

/** The lines to one origin, kept for the next call. */
export interface Lines {
  /** A line that is idle; what is old is not handed out. */
  idle(): Line | null;
  dial(): Promise<Result<Line, OutboundFailure>>;
  /** Gives a line back after a call that ended well. */
  keep(line: Line): void;
  close(): void;
}

export interface LinesOptions {
  readonly origin: Origin;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly network?: Network;
  readonly connectMs?: number;
  readonly tlsMs?: number;
}

/** Servers close idle connections after 5 s (Proxmox); ours go first. */
const IDLE_MS = 4000;
const MAX_IDLE = 256;

export function createLines(options: LinesOptions): Lines {
  const { origin, trust, clock, network = systemNetwork, connectMs = 5000, tlsMs = 10_000 } = options;
  const serverName = ('serverName' in trust ? trust.serverName : undefined) ?? origin.host;
  const context = origin.scheme === 'https' ? trustContext(trust) : undefined;
  const resting: Line[] = [];
  let sweeper: NodeJS.Timeout | undefined;
  let closed = false;

  /** A socket on which the other side has proven itself. Only such sockets ever see a request. */
  async function connect(): Promise<Result<Socket, OutboundFailure>> {
    const over = context === undefined ? undefined : trustEnded(trust, clock);
    if (over) return err(over);
    const reading = context === undefined ? 'light' : 'stream';
    const addresses = await allowedAddresses(network, origin);
    if (!addresses.ok) return addresses;
    const socket = await connectFirst(network, addresses.value, origin.port, connectMs, reading);
    if (!socket.ok || context === undefined) return socket;
    const shaken = await handshake(socket.value, serverName, context, tlsMs);
    if (!shaken.ok) return shaken;
    const refused = judgePeer(trust, shaken.value.peer, clock);
    if (refused === undefined) return ok(shaken.value.socket);
    shaken.value.socket.destroy();
    return err(refused);
  }

  function drop(line: Line): void {
    const at = resting.indexOf(line);
    if (at !== -1) resting.splice(at, 1);
    line.socket.destroy();
  }

  function lineOver(socket: Socket): Line {
    const line: Line = { socket, user: null, uses: 0, idleSince: 0 };
    // Attached once for the life of the socket, not once a call.
    socket.on('data', (chunk: Buffer) => {
      if (line.user === null) drop(line);
      else line.user.data(chunk);
    });
    socket.on('drain', () => line.user?.drained());
    const ended = (broken: boolean): void => {
      const { user } = line;
      line.user = null;
      if (user === null) drop(line);
      else user.ended(broken);
    };
    socket.on('end', () => ended(false));
    socket.on('error', () => ended(true));
    socket.on('close', () => ended(true));
    return line;
  }

  function sweep(): void {
    const limit = clock() - IDLE_MS;
    while (resting[0] !== undefined && resting[0].idleSince <= limit) resting.shift()?.socket.destroy();
    if (resting.length > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  return {
    idle() {
      const line = resting.pop();
      if (line === undefined) return null;
      if (!line.socket.destroyed && clock() - line.idleSince < IDLE_MS) return line;
      line.socket.destroy();
      return null;
    },
    async dial() {
      const socket = await connect();
      return socket.ok ? ok(lineOver(socket.value)) : socket;
    },
    keep(line) {
      line.user = null;
      if (closed || line.socket.destroyed || resting.length >= MAX_IDLE) {
        line.socket.destroy();
        return;
      }
      line.uses++;
      line.idleSince = clock();
      line.socket.resume();
      resting.push(line);
      sweeper ??= setInterval(sweep, 1000).unref();
    },
    close() {
      closed = true;
      clearInterval(sweeper);
      for (const line of resting.splice(0)) line.socket.destroy();
    },
  };
}
