import { lookup } from 'node:dns/promises';
import net, { isIP, type Socket } from 'node:net';
import { arrival } from '../base/light-socket.ts';
import { err, ok, type Result } from '../base/result.ts';
import { refuseAddress } from './addresses.ts';
import { dnsFailure, failure, type OutboundFailure, tcpFailure } from './failure.ts';
import type { Origin } from './origin.ts';

/** The two doors to the network, handed in so that tests own names and routes. */
export interface Network {
  /** All addresses of a name, in the order to try them. Rejects as `dns.lookup` does. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  readonly connect: (address: string, port: number, reading?: Reading) => Socket;
}

/** `light`: for whoever hears `data` at all times and wants each piece for itself; costs less, and no stream can follow. */
export type Reading = 'stream' | 'light';

export const systemNetwork: Network = {
  resolve: async (host) => (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address),
  connect(address, port, reading) {
    const options = { host: address, port, noDelay: true };
    if (reading !== 'light') return net.connect(options);
    const callback = (length: number): boolean => {
      const bytes = Buffer.allocUnsafe(length);
      arrival.copy(bytes, 0, 0, length);
      if (!socket.emit('data', bytes)) socket.destroy();
      return true;
    };
    const socket = net.connect({ ...options, onread: { buffer: arrival, callback } });
    return socket;
  },
};

/** Milliseconds after which the next address is tried beside the one that has not answered (RFC 8305). */
const STAGGER_MS = 300;

/**
 * The addresses an origin may be dialled at, judged here, at dial time: the address that is checked is the
 * address that is dialled, so a name that changes its mind between the two gains nothing.
 */
export async function allowedAddresses(
  network: Network,
  origin: Origin,
): Promise<Result<readonly string[], OutboundFailure>> {
  let addresses: readonly string[];
  try {
    addresses = isIP(origin.host) !== 0 ? [origin.host] : await network.resolve(origin.host);
  } catch (error) {
    return err(dnsFailure(error, origin.host));
  }
  if (addresses.length === 0)
    return err(dnsFailure(Object.assign(new Error('no addresses'), { code: 'ENODATA' }), origin.host));
  const allowed = addresses.filter((address) => refuseAddress(address, origin.loopback) === undefined);
  if (allowed.length > 0) return ok(allowed);
  const reasons = addresses.map((address) => `${address} (${refuseAddress(address, origin.loopback)})`);
  return err(
    failure('dns', 'address_forbidden', `${origin.host} leads only to addresses that are never dialled`, {
      host: origin.host,
      addresses: reasons.join(', '),
    }),
  );
}

/** Opens one TCP connection. Fails with `connect_timeout` after `timeoutMs`. */
export function connectTo(
  network: Network,
  address: string,
  port: number,
  timeoutMs: number,
  { signal, reading }: { readonly signal?: AbortSignal; readonly reading?: Reading | undefined } = {},
): Promise<Result<Socket, OutboundFailure>> {
  return new Promise((resolve) => {
    const socket = network.connect(address, port, reading);
    const settle = (result: Result<Socket, OutboundFailure>): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      socket.removeListener('connect', connected);
      socket.removeListener('error', failed);
      // Between this moment and its next owner the socket may fail with nobody listening.
      socket.on('error', () => {});
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const giveUp = (): void =>
      settle(err(tcpFailure(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }), address, port)));
    const connected = (): void => settle(ok(socket));
    const failed = (error: Error): void => settle(err(tcpFailure(error, address, port)));
    const timer = setTimeout(giveUp, timeoutMs);
    signal?.addEventListener('abort', giveUp);
    socket.once('connect', connected);
    socket.once('error', failed);
  });
}

/**
 * Connects to the first of several addresses that answers: each is given a short lead, then the next is tried
 * beside it. The failure is that of the first address, with what happened at the others in its evidence.
 */
export async function connectFirst(
  network: Network,
  addresses: readonly string[],
  port: number,
  timeoutMs: number,
  reading?: Reading,
): Promise<Result<Socket, OutboundFailure>> {
  const race = new AbortController();
  const failures: OutboundFailure[] = [];
  return new Promise((resolve) => {
    let next = 0;
    let lead: NodeJS.Timeout | undefined;
    const start = (): void => {
      clearTimeout(lead);
      const address = addresses[next++];
      if (address === undefined) return;
      if (next < addresses.length) lead = setTimeout(start, STAGGER_MS);
      connectTo(network, address, port, timeoutMs, { signal: race.signal, reading }).then((result) => {
        if (race.signal.aborted) {
          if (result.ok) result.value.destroy();
          return;
        }
        if (result.ok) {
          clearTimeout(lead);
          race.abort();
          resolve(result);
          return;
        }
        failures.push(result.error);
        if (failures.length === addresses.length) resolve(err(allFailed(failures)));
        else start();
      });
    };
    start();
  });
}

function allFailed(failures: readonly OutboundFailure[]): OutboundFailure {
  const [first, ...others] = failures;
  if (first === undefined) return failure('tcp', 'connect_failed', 'There is no address to connect to');
  if (others.length === 0) return first;
  const tried = failures.map((each) => `${each.evidence.address}: ${each.evidence.errno}`);
  return { ...first, evidence: { ...first.evidence, tried: tried.join(', ') } };
}
