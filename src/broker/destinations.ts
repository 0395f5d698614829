import type { Clock } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import type { Outlet, Outlets } from '../connections/outlets.ts';
import type { Finding } from '../kinds/finding.ts';
import type { Injection } from '../kinds/kind.ts';
import type { Network } from '../outbound/dial.ts';
import { type Origin, originAuthority, parseOrigin } from '../outbound/origin.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { createLines, type Lines } from './lines.ts';
import type { RouteRecord, RouteTarget } from './record.ts';
import { secretTexts } from './scrub.ts';

/** Where the calls of a route go, and what rides along. */
export interface Destination {
  readonly origin: Origin;
  /** As it stands in the Host header. */
  readonly authority: string;
  readonly lines: Lines;
  readonly breaker: Breaker;
  /** Null where there is nothing to inject. */
  readonly inject: ((method: string) => Result<Rider, Finding> | Promise<Result<Rider, Finding>>) | null;
  /** The credential of the connection is refused, and its fallback rides instead. */
  readonly fallsBack: boolean;
  /** The upstream refused the credential: a session is made anew the next time, and too many are looked into. */
  refused(): void;
}

/** A credential ready to be written into a request. */
export interface Rider {
  /** Header lines, ended. */
  readonly lines: string;
  readonly strip: readonly string[];
  /** What must not come back. */
  readonly secrets: readonly Buffer[];
  readonly texts: readonly string[];
}

export interface Destinations {
  /** Without a promise when it is at hand. */
  of(route: RouteRecord): Result<Destination> | Promise<Result<Destination>>;
  close(): void;
}

type PlainTarget = Exclude<RouteTarget, { readonly connectionId: string }>;

interface Dependencies {
  readonly outlets: Pick<Outlets, 'open' | 'atHand'>;
  readonly clock: Clock;
  /** A connection whose credential was refused too often should be tested. */
  readonly doubted: (connectionId: string) => void;
  /** A call that carried the credential of this outlet was refused. */
  readonly refused: (outlet: Outlet) => void;
  /** Calls go through with the fallback of a connection; told once for each outlet. */
  readonly fellBack: (outlet: Outlet) => void;
  readonly network?: Network;
}

export function createDestinations(needs: Dependencies): Destinations {
  const { outlets, clock, network } = needs;
  const byOutlet = new WeakMap<Outlet, Result<Destination>>();
  const byTarget = new WeakMap<PlainTarget, Result<Destination>>();
  const plain = new Map<string, Result<Destination>>();
  const opened = new Set<WeakRef<Lines>>();

  function remember(lines: Lines): Lines {
    for (const kept of opened) if (kept.deref() === undefined) opened.delete(kept);
    opened.add(new WeakRef(lines));
    return lines;
  }

  const more = network === undefined ? {} : { network };

  function over(outlet: Outlet): Result<Destination> {
    let known = byOutlet.get(outlet);
    if (known === undefined) {
      known = ok(overOutlet(outlet, needs, remember));
      byOutlet.set(outlet, known);
    }
    return known;
  }

  async function opening(connectionId: string): Promise<Result<Destination>> {
    const outlet = await outlets.open(connectionId);
    return outlet.ok ? over(outlet.value) : outlet;
  }

  function straight(target: PlainTarget, name: string): Result<Destination> {
    const key = JSON.stringify(target);
    let known = plain.get(key);
    if (known === undefined) {
      const origin = parseOrigin(target.origin);
      if (!origin.ok) return origin;
      known = ok({
        origin: origin.value,
        authority: originAuthority(origin.value),
        lines: remember(createLines({ origin: origin.value, trust: target.trust, clock, ...more })),
        breaker: createBreaker(clock, name),
        inject: null,
        fallsBack: false,
        refused: () => {},
      });
      plain.set(key, known);
    }
    return known;
  }

  return {
    of(route) {
      const { target } = route;
      if (!('connectionId' in target)) {
        const known = byTarget.get(target) ?? straight(target, route.name);
        byTarget.set(target, known);
        return known;
      }
      const outlet = outlets.atHand(target.connectionId);
      return outlet === undefined ? opening(target.connectionId) : over(outlet);
    },
    close() {
      for (const lines of opened) lines.deref()?.close();
    },
  };
}

function overOutlet(
  outlet: Outlet,
  { clock, network, doubted, refused, fellBack }: Dependencies,
  remember: (lines: Lines) => Lines,
): Destination {
  const { origin, trust } = outlet.client;
  const fallsBack = outlet.field === 'fallback';
  const breaker = createBreaker(clock, outlet.record.name);
  let sent = false;
  let told = false;
  const worked = (): void => {
    breaker.worked();
    if (!sent || told) return;
    told = true;
    fellBack(outlet);
  };
  let last: {
    readonly injection: Injection;
    readonly values: string[];
    readonly ridden: Result<Rider, never>;
  } | null = null;
  const ride = (injection: Injection): Result<Rider, never> => {
    // The same as a moment ago, in nearly every case.
    if (last?.injection === injection) return last.ridden;
    const values = Object.values(injection.set).map((secret) => secret.reveal());
    const same =
      last?.values.length === values.length && last.values.every((text, at) => text === values[at]);
    const ridden =
      same && last !== null ? last.ridden : ok(riderOf(injection, values, outlet.credential.secret));
    last = { injection, values, ridden };
    return ridden;
  };
  return {
    origin,
    authority: originAuthority(origin),
    lines: remember(createLines({ origin, trust, clock, ...(network === undefined ? {} : { network }) })),
    breaker: fallsBack ? { ...breaker, worked } : breaker,
    fallsBack,
    refused() {
      outlet.carrier.forget();
      refused(outlet);
      if (breaker.refused()) doubted(outlet.record.id);
    },
    inject(method) {
      sent = true;
      const injection = outlet.carrier.inject(method);
      if (injection instanceof Promise) return injection.then((made) => (made.ok ? ride(made.value) : made));
      return injection.ok ? ride(injection.value) : injection;
    },
  };
}

function riderOf(injection: Injection, values: readonly string[], secret: Secret): Rider {
  let lines = '';
  for (const [name, held] of Object.entries(injection.set)) {
    const value = held instanceof Secret ? held.reveal() : '';
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new Error(`the credential does not fit into the header ${name}`);
    lines += `${name}: ${value}\r\n`;
  }
  const texts = secretTexts([secret.reveal(), ...values]);
  return { lines, strip: injection.strip, texts, secrets: texts.map((text) => Buffer.from(text, 'latin1')) };
}
