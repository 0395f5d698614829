import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isFull } from '../base/flow.ts';
import { atTurnEnd } from '../base/turn.ts';

const LAST_CHUNK = '0\r\n\r\n';
/** Bytes that are gathered at most. */
const GATHERED_MAX = 512 * 1024;
/** How long the rest of a body is swallowed whose answer is out already. */
const SWALLOW_MS = 5000;

/** Parts that come in one turn of the event loop leave together: each write of its own would wake the other system. */
const follow = atTurnEnd((body: { send(): void }) => body.send());

/** Who is told how far a body has come. */
export interface BodyUser {
  /** So many bytes came. */
  bodyMoved(bytes: number): void;
  /** All of it is on its way. */
  bodyEnded(): void;
}

/** Passes the body of a caller on to the other system as it comes, at the pace of the slower side. */
export class PassingBody {
  private readonly stream: IncomingMessage;
  private readonly socket: Socket;
  private readonly chunked: boolean;
  private readonly user: BodyUser;
  private gathering = false;
  private readonly onPart = (chunk: Buffer): void => this.part(chunk);
  private readonly onEnd = (): void => this.end();

  /** @param chunked the length of each part is to be told */
  constructor(stream: IncomingMessage, socket: Socket, chunked: boolean, user: BodyUser) {
    this.stream = stream;
    this.socket = socket;
    this.chunked = chunked;
    this.user = user;
    stream.on('data', this.onPart);
    stream.on('end', this.onEnd);
  }

  /** Takes nothing more from the caller. */
  stop(): void {
    this.stream.removeListener('data', this.onPart);
    this.stream.removeListener('end', this.onEnd);
  }

  /** The other system takes bytes again. */
  drained(): void {
    this.stream.resume();
  }

  /** Sends the parts that are at hand. */
  send(): void {
    if (!this.gathering) return;
    const { socket } = this;
    this.gathering = false;
    socket.uncork();
    if (!socket.destroyed && isFull(socket)) this.stream.pause();
  }

  private part(chunk: Buffer): void {
    const { socket } = this;
    this.user.bodyMoved(chunk.length);
    if (!this.gathering) {
      this.gathering = true;
      socket.cork();
      follow(this);
    }
    if (this.chunked) {
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      socket.write('\r\n', 'latin1');
    } else socket.write(chunk);
    if (socket.writableLength >= GATHERED_MAX) this.send();
  }

  private end(): void {
    if (this.chunked) this.socket.write(LAST_CHUNK, 'latin1');
    this.user.bodyEnded();
  }
}

/** Reads what a caller still sends after its answer is out, for a while, so that it gets to see the answer. */
export function swallow(message: IncomingMessage): void {
  message.resume();
  const timer = setTimeout(() => message.destroy(), SWALLOW_MS).unref();
  message.once('close', () => clearTimeout(timer));
}
