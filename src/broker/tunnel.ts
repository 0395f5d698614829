import type { Duplex } from 'node:stream';
import { isFull } from '../base/flow.ts';
import type { Line } from './lines.ts';

interface TunnelEvents {
  moved(up: number, down: number): void;
  /** Either side is gone; called once. */
  closed(): void;
}

/** Passes bytes between the caller's socket and a line, both ways, each at the pace of its reader. */
export function joinStreams(caller: Duplex, line: Line, events: TunnelEvents): void {
  const { socket } = line;
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    line.user = null;
    socket.destroy();
    // What was written for the caller is still delivered.
    caller.end(() => caller.destroy());
    events.closed();
  };
  line.user = {
    data(chunk) {
      events.moved(0, chunk.length);
      caller.write(chunk);
      if (isFull(caller)) socket.pause();
    },
    drained: () => void caller.resume(),
    ended: close,
  };
  caller.on('drain', () => void socket.resume());
  caller.on('data', (chunk: Buffer) => {
    events.moved(chunk.length, 0);
    socket.write(chunk);
    if (isFull(socket)) caller.pause();
  });
  caller.on('end', close);
  caller.on('error', close);
  caller.on('close', close);
  socket.resume();
  caller.resume();
}
