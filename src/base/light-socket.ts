import { Socket } from 'node:net';

/** An accepted connection that gives its bytes to one taker, and becomes an ordinary stream when that lets go. */
export interface LightSocket {
  readonly socket: Socket;
  /** Gets what arrives. The bytes are there for the length of the call. Null: they go the way of all streams. */
  taker: ((bytes: Buffer) => void) | null;
}

/** Where bytes arrive that are taken out before anything else is read. As much as Node reads at once. */
const arrival = Buffer.allocUnsafeSlow(64 * 1024);

const lights = new WeakMap<Socket, LightSocket>();

/** What Node's own server does with an accepted connection, and has no option for. */
interface Innards {
  _handle: { readonly useUserBuffer?: unknown } | null;
  server: unknown;
  _server: unknown;
}

/**
 * Makes an accepted connection read into one buffer. Otherwise Node sets 64 KiB aside for each piece it reads, and has
 * to give most of it back: a third of what a short question costs, and most of what the garbage collector does for it.
 * Null where the connection is not a plain one of Node's (TLS, a pair of streams), or Node's innards have changed.
 *
 * @param accepted is an empty shell afterwards; or a connection this was done to before, which stays what it is
 */
export function lightened(accepted: Socket): LightSocket | null {
  const known = lights.get(accepted);
  if (known !== undefined) return known;
  const old = accepted as unknown as Innards;
  const handle = old._handle;
  if (accepted.constructor !== Socket || typeof handle?.useUserBuffer !== 'function') return null;
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
