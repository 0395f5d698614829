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
import type { RouteRecord } from './record.ts';
import { secretTexts } from './scrub.ts';

/** Where the calls of a route go, and what rides along. */
export interface Destination {
  readonly origin: Origin;
  /** As it stands in the Host header. */
  readonly authority: string;
  readonly lines: Lines;
  readonly breaker: Breaker;
  /** Null where there is nothing to inject. */
  readonly inject: ((method: string) => Promise<Result<Rider, Finding>>) | null;
  /** The upstream refused the credential: a session is made anew the next time. */
  forget(): void;
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
  of(route: RouteRecord): Promise<Result<Destination>>;
  close(): void;
}

interface Dependencies {
  readonly outlets: Pick<Outlets, 'open'>;
  readonly clock: Clock;
  readonly network?: Network;
}

export function createDestinations({ outlets, clock, network }: Dependencies): Destinations {
  const byOutlet = new WeakMap<Outlet, Destination>();
  const plain = new Map<string, Destination>();
  const opened = new Set<WeakRef<Lines>>();

  function remember(lines: Lines): Lines {
    for (const kept of opened) if (kept.deref() === undefined) opened.delete(kept);
    opened.add(new WeakRef(lines));
    return lines;
  }

  const more = network === undefined ? {} : { network };

  return {
    async of({ target, name }) {
      if ('connectionId' in target) {
        const outlet = await outlets.open(target.connectionId);
        if (!outlet.ok) return outlet;
        let known = byOutlet.get(outlet.value);
        if (known === undefined) {
          known = overOutlet(outlet.value, clock, more, remember);
          byOutlet.set(outlet.value, known);
        }
        return ok(known);
      }
      const key = JSON.stringify(target);
      let known = plain.get(key);
      if (known === undefined) {
        const origin = parseOrigin(target.origin);
        if (!origin.ok) return origin;
        known = {
          origin: origin.value,
          authority: originAuthority(origin.value),
          lines: remember(createLines({ origin: origin.value, trust: target.trust, clock, ...more })),
          breaker: createBreaker(clock, name),
          inject: null,
          forget: () => {},
        };
        plain.set(key, known);
      }
      return ok(known);
    },
    close() {
      for (const lines of opened) lines.deref()?.close();
    },
  };
}

function overOutlet(
  outlet: Outlet,
  clock: Clock,
  more: { readonly network?: Network },
  remember: (lines: Lines) => Lines,
): Destination {
  const { origin, trust } = outlet.client;
  let last: { readonly texts: readonly string[]; readonly rider: Rider } | null = null;
  return {
    origin,
    authority: originAuthority(origin),
    lines: remember(createLines({ origin, trust, clock, ...more })),
    breaker: createBreaker(clock, outlet.record.name),
    forget: () => outlet.carrier.forget(),
    async inject(method) {
      const injection = await outlet.carrier.inject(method);
      if (!injection.ok) return injection;
      const values = Object.values(injection.value.set).map((secret) => secret.reveal());
      // The same text as a moment ago, in nearly every case.
      if (last?.texts.length !== values.length || last.texts.some((text, at) => text !== values[at]))
        last = { texts: values, rider: riderOf(injection.value, values, outlet.credential.secret) };
      return ok(last.rider);
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
