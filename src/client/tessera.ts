import type { DoctorQuery } from '../wire/events.ts';
import type { RewrapReport } from '../wire/master-keys.ts';
import { auditCalls } from './calls/audit.ts';
import { connectionCalls, doctor, eventCalls } from './calls/connections.ts';
import { jobCalls, machineCalls, strayCalls } from './calls/machines.ts';
import { type ExchangeRequest, exchange, introspect, revoke } from './calls/oauth.ts';
import { roleCalls, scopeCalls, userCalls } from './calls/people.ts';
import { routeCalls } from './calls/routes.ts';
import { sessionCalls, setupCalls, whoAmI } from './calls/session.ts';
import { tokenCalls } from './calls/tokens.ts';
import { openTransport, type TransportOptions } from './transport.ts';

export type TesseraOptions = TransportOptions;

export interface RotatedKey {
  readonly kid: string;
  /** RFC 3339: from when it signs. */
  readonly active_from: string;
}

function open(options: TesseraOptions) {
  const transport = openTransport(options);
  return {
    setup: setupCalls(transport),
    session: sessionCalls(transport),
    tokens: tokenCalls(transport),
    users: userCalls(transport),
    roles: roleCalls(transport),
    scopes: scopeCalls(transport),
    routes: routeCalls(transport),
    machines: machineCalls(transport),
    jobs: jobCalls(transport),
    strays: strayCalls(transport),
    audit: auditCalls(transport),
    connections: connectionCalls(transport),
    events: eventCalls(transport),
    doctor: (query?: DoctorQuery) => doctor(transport, query),
    masterKeys: {
      /** Wraps one batch of sealed values with the active key; call again while `remaining` shrinks. */
      rewrap: (limit?: number) =>
        transport.call<RewrapReport>('POST', '/api/v1/master-keys/rewrap', { query: { limit } }),
    },
    signingKeys: {
      /** Publishes a new key, which signs once everybody had time to see it; the old one stays valid until then. */
      rotate: () => transport.call<RotatedKey>('POST', '/api/v1/signing-keys/rotate'),
    },
    /** Who the token belongs to and what it allows at this moment. */
    me: () => whoAmI(transport),
    exchange: (request?: ExchangeRequest) => exchange(transport, options.token, request),
    introspect: (token: string) => introspect(transport, token),
    /** By its secret, as OAuth clients do; by id or name use `tokens.revoke`. */
    revoke: (token: string) => revoke(transport, token),
  };
}

/** A client of one Tessera. Every call rejects with `TesseraError`. */
export type Tessera = ReturnType<typeof open>;

interface Opener {
  new (options: TesseraOptions): Tessera;
  (options: TesseraOptions): Tessera;
}

function opener(options: TesseraOptions): Tessera {
  return open(options);
}

/** `new Tessera({ url, token })`, or the same without `new`. Needs nothing but `fetch`. */
export const Tessera = opener as unknown as Opener;
