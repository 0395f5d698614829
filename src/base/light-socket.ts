import { Socket } from 'node:net';

type Taker = (bytes: Buffer) => void;

/** An accepted connection that gives its bytes to one taker, and becomes an ordinary stream when that lets go. */
export interface LightSocket {
  readonly socket: Socket;
  /** Gets what arrives. The bytes are there for the length of the call. Null: they go the way of all streams. */
  taker: Taker | null;
}

/**
 * Where bytes arrive that are taken out before anything else is read; for every connection of this process. As much as
 * Node reads at once. Otherwise it sets so much aside for each piece, and has to give most of it back.
 */
export const arrival = Buffer.allocUnsafeSlow(64 * 1024);

const lights = new WeakMap<Socket, LightSocket>();

/** What Node's own server does with an accepted connection, and has no option for. */
interface Innards {
  _handle: { readonly useUserBuffer?: unknown } | null;
  server: unknown;
  _server: unknown;
}

/**
 * Makes an accepted connection read into the one buffer: a fifth of what a short question costs, and most of what the
 * garbage collector does for it. It stays an ordinary one where it is not a plain one of Node's (TLS, a pair of
 * streams), where Node's innards have changed, and where its stream holds bytes that were given back.
 *
 * @param accepted is an empty shell afterwards, unless it is the socket of the result; what came of this function may be
 *   given to it again
 */
export function lightened(accepted: Socket): LightSocket {
  if (accepted.readableLength > 0) return ordinary(accepted);
  const known = lights.get(accepted);
  if (known !== undefined) return known;
  const old = accepted as unknown as Innards;
  const handle = old._handle;
  if (accepted.constructor !== Socket || typeof handle?.useUserBuffer !== 'function')
    return ordinary(accepted);
  const callback = (length: number): boolean => {
    const { taker } = light;
    if (taker === null) return light.socket.push(Buffer.from(arrival.subarray(0, length)));
    taker(arrival.subarray(0, length));
    return true;
  };
  const socket = new Socket({
    handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: { buffer: arrival, callback },
  } as ConstructorParameters<typeof Socket>[0]);
  const light: LightSocket = { socket, taker: null };
  const now = socket as unknown as Innards;
  now.server = old.server;
  now._server = old._server;
  lights.set(socket, light);
  // Nothing that happens to the old one may reach the connection, or be counted twice.
  old._handle = null;
  old._server = null;
  return light;
}

function ordinary(socket: Socket): LightSocket {
  let taker: Taker | null = null;
  return {
    socket,
    get taker() {
      return taker;
    },
    set taker(next) {
      if (taker !== null) socket.off('data', taker);
      taker = next;
      if (next !== null) socket.on('data', next);
    },
  };
}
