import { checkScopeName } from '../access/names.ts';
import { missingScope, requireScope } from '../access/policy.ts';
import type { Actor } from '../access/principal.ts';
import { auditEntry } from '../audit/entry.ts';
import { change } from '../base/change.ts';
import { type Clock, seconds } from '../base/clock.ts';
import { type Fault, fault, fieldFault } from '../base/fault.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { KindName } from '../kinds/kind.ts';
import { originUrl, parseOrigin, refuseOrigin } from '../outbound/origin.ts';
import { checkAuthority, parseFingerprint, type Trust } from '../outbound/trust.ts';
import { checkHost, checkPassHeaders, checkPort, checkRouteName, checkRules } from './checks.ts';
import { levelsOf } from './presets.ts';
import { DEFAULTS, LEVELS, type Level, type RouteRecord, type RouteTarget, type Rule } from './record.ts';
import type { RouteStore, RouteTx } from './store.ts';

export interface RouteSettings {
  readonly host?: string | null;
  readonly port?: number | null;
  readonly byPath?: boolean;
  readonly rules?: readonly Rule[];
  /** False: only the rules count. */
  readonly presets?: boolean;
  /** Scopes of levels, where they are not to be `<level>:<route>`. */
  readonly scopes?: Partial<Record<Level, string>>;
  readonly passHeaders?: readonly string[];
  readonly maxConcurrent?: number;
  readonly firstByteMs?: number;
  readonly idleMs?: number;
}

export interface NewRoute extends RouteSettings {
  readonly name: string;
  /** Id or name of a connection; or `to`. */
  readonly connection?: string;
  /** URL of a system with nothing to inject. */
  readonly to?: string;
  /** PEM text of the authority of `to`. */
  readonly ca?: string;
  readonly fingerprint?: string;
}

/** Routes as administrators keep them. */
export interface Routes {
  list(actor: Actor): Promise<Result<RouteRecord[]>>;
  get(actor: Actor, key: string): Promise<Result<RouteRecord>>;
  create(actor: Actor, wish: NewRoute): Promise<Result<RouteRecord>>;
  change(actor: Actor, key: string, wish: RouteSettings): Promise<Result<RouteRecord>>;
  remove(actor: Actor, key: string): Promise<Result<void>>;
}

/** What this room asks about connections while a route is made. */
export type FindConnection = (
  key: string,
) => Promise<{ readonly id: string; readonly kind: KindName } | null>;

interface Dependencies {
  readonly store: RouteStore;
  readonly findConnection: FindConnection;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Ports that are taken by this program itself. */
  readonly ownPorts: readonly number[];
}

const MANAGE_SCOPE = 'admin:routes';
const READ_SCOPE = 'read:connections';

export function createRoutes({ store, findConnection, clock, newId, ownPorts }: Dependencies): Routes {
  const mayManage = (actor: Actor, doing: string) => requireScope(actor, MANAGE_SCOPE, doing);

  async function register(tx: RouteTx, record: RouteRecord): Promise<Result<void>> {
    const { presets } = record;
    if (presets === null) return ok(undefined);
    const known = new Set((await tx.scopes()).map((scope) => scope.name));
    for (const level of levelsOf(record.kind)) {
      const name = presets[level];
      if (known.has(name)) continue;
      const fit = checkScopeName(name, `scopes.${level}`);
      if (!fit.ok) return fit;
      await tx.putScope({ name, description: describe(level, record.name), builtin: false });
      await tx.changed(change('scopes'));
    }
    return ok(undefined);
  }

  async function save(
    tx: RouteTx,
    actor: Actor,
    action: 'route.created' | 'route.changed',
    record: RouteRecord,
  ): Promise<Result<RouteRecord>> {
    const known = new Set((await tx.scopes()).map((scope) => scope.name));
    const unknown = [...new Set(record.rules.flatMap((rule) => rule.scopes))].filter(
      (name) => !known.has(name),
    );
    const own = record.presets === null ? [] : Object.values<string>(record.presets);
    const missing = unknown.filter((name) => !own.includes(name));
    if (missing.length > 0)
      return err(
        fieldFault(
          'unknown_scope',
          'rules',
          `unknown: ${missing.join(', ')}`,
          'Register it: tessera scope create NAME',
        ),
      );
    for (const other of await tx.routes()) {
      if (other.id === record.id) continue;
      if (other.name === record.name)
        return err(fault('name_taken', `name: there is a route '${record.name}' already.`));
      if (record.host !== null && other.host === record.host) return err(taken('host', other));
      if (record.port !== null && other.port === record.port) return err(taken('port', other));
    }
    const registered = await register(tx, record);
    if (!registered.ok) return registered;
    await tx.putRoute(record);
    await tx.audit(auditEntry(clock(), actor, { action, subject: record.name, detail: detailOf(record) }));
    await tx.changed(change('route', record.id));
    return ok(record);
  }

  return {
    async list(actor) {
      const allowed = mayRead(actor);
      return allowed.ok ? ok(await store.routes()) : allowed;
    },

    async get(actor, key) {
      const allowed = mayRead(actor);
      if (!allowed.ok) return allowed;
      const record = await store.route(key);
      return record === null ? err(unknownRoute(key)) : ok(record);
    },

    async create(actor, wish) {
      const allowed = mayManage(actor, 'create routes');
      if (!allowed.ok) return allowed;
      const name = checkRouteName(wish.name);
      if (!name.ok) return name;
      const led = await readDestination(wish, findConnection);
      if (!led.ok) return led;
      const now = seconds(clock);
      const blank: RouteRecord = {
        id: newId(),
        name: name.value,
        ...led.value,
        host: null,
        port: null,
        byPath: true,
        rules: [],
        presets: levelScopes(name.value, {}),
        passHeaders: [],
        ...DEFAULTS,
        createdAt: now,
        createdBy: actor.username,
        updatedAt: now,
        updatedBy: actor.username,
      };
      const record = applied(blank, wish, ownPorts);
      return record.ok ? store.change((tx) => save(tx, actor, 'route.created', record.value)) : record;
    },

    async change(actor, key, wish) {
      const allowed = mayManage(actor, 'change routes');
      if (!allowed.ok) return allowed;
      return store.change(async (tx) => {
        const before = await tx.route(key);
        if (before === null) return err(unknownRoute(key));
        const record = applied(before, wish, ownPorts);
        if (!record.ok) return record;
        const stamped = { ...record.value, updatedAt: seconds(clock), updatedBy: actor.username };
        return save(tx, actor, 'route.changed', stamped);
      });
    },

    async remove(actor, key) {
      const allowed = mayManage(actor, 'delete routes');
      if (!allowed.ok) return allowed;
      return store.change<void>(async (tx) => {
        const record = await tx.route(key);
        if (record === null) return err(unknownRoute(key));
        await tx.deleteRoute(record.id);
        await tx.audit(
          auditEntry(clock(), actor, {
            action: 'route.deleted',
            subject: record.name,
            detail: { id: record.id },
          }),
        );
        await tx.changed(change('route', record.id));
        return ok(undefined);
      });
    },
  };
}

/** Whoever manages routes may read them. */
export const mayRead = (actor: Actor): Result<void> =>
  actor.scopes.has(READ_SCOPE) || actor.scopes.has(MANAGE_SCOPE)
    ? ok(undefined)
    : err(missingScope([READ_SCOPE, MANAGE_SCOPE], 'see routes'));

export const unknownRoute = (key: string): Fault =>
  fault('not_found', `There is no route '${key}'.`, { fix: "See 'tessera route list'." });

const taken = (field: 'host' | 'port', other: RouteRecord): Fault =>
  fieldFault('conflict', field, `belongs to the route '${other.name}'`, 'Choose another.');

const levelScopes = (name: string, wish: Partial<Record<Level, string>>): Record<Level, string> => ({
  read: wish.read ?? `read:${name}`,
  power: wish.power ?? `power:${name}`,
  configure: wish.configure ?? `configure:${name}`,
  all: wish.all ?? `all:${name}`,
});

const WORDS: Readonly<Record<Level, string>> = {
  read: 'Read from',
  power: 'Start and stop machines of',
  configure: 'Create, change and delete machines of',
  all: 'Do everything the route allows on',
};
const describe = (level: Level, name: string): string => `${WORDS[level]} ${name}`;

async function readDestination(
  wish: NewRoute,
  findConnection: FindConnection,
): Promise<Result<{ target: RouteTarget; kind: KindName }>> {
  if ((wish.connection === undefined) === (wish.to === undefined))
    return err(
      fieldFault('invalid_request', 'connection', 'give a connection, or an address in `to`, and not both'),
    );
  if (wish.connection !== undefined) {
    const found = await findConnection(wish.connection);
    if (found === null)
      return err(
        fault('not_found', `connection: there is no connection '${wish.connection}'.`, {
          fields: [{ field: 'connection', message: 'is not known' }],
          fix: "See 'tessera connection list'.",
        }),
      );
    return ok({ target: { connectionId: found.id }, kind: found.kind });
  }
  const origin = parseOrigin(wish.to ?? '', 'to');
  if (!origin.ok) return origin;
  const refusal = refuseOrigin(origin.value);
  if (refusal !== undefined)
    return err(
      fieldFault(
        'invalid_request',
        'to',
        `is an address that is never dialled (${refusal})`,
        'give the address of the system itself',
      ),
    );
  const trust = readTrust(wish);
  return trust.ok
    ? ok({ target: { origin: originUrl(origin.value), trust: trust.value }, kind: 'http' })
    : trust;
}

function readTrust({ ca, fingerprint }: NewRoute): Result<Trust> {
  if (ca !== undefined && fingerprint !== undefined)
    return err(fieldFault('invalid_request', 'ca', 'give an authority or a fingerprint, and not both'));
  if (ca !== undefined) {
    const pem = checkAuthority(ca);
    return pem.ok ? ok({ mode: 'ca', pem: pem.value }) : pem;
  }
  if (fingerprint === undefined) return ok({ mode: 'system' });
  const sha256 = parseFingerprint(fingerprint);
  return sha256.ok ? ok({ mode: 'pin', sha256: sha256.value }) : sha256;
}

/** The record with the wish in it, each part checked. */
function applied(before: RouteRecord, wish: RouteSettings, ownPorts: readonly number[]): Result<RouteRecord> {
  const host = wish.host == null ? ok(wish.host === null ? null : before.host) : checkHost(wish.host);
  if (!host.ok) return host;
  const port =
    wish.port == null ? ok(wish.port === null ? null : before.port) : checkPort(wish.port, ownPorts);
  if (!port.ok) return port;
  const rules = wish.rules === undefined ? ok(before.rules) : checkRules(wish.rules);
  if (!rules.ok) return rules;
  const passHeaders =
    wish.passHeaders === undefined ? ok(before.passHeaders) : checkPassHeaders(wish.passHeaders);
  if (!passHeaders.ok) return passHeaders;
  const wantsPresets = wish.presets ?? before.presets !== null;
  const record: RouteRecord = {
    ...before,
    host: host.value,
    port: port.value,
    byPath: wish.byPath ?? before.byPath,
    rules: rules.value,
    presets: wantsPresets ? levelScopes(before.name, { ...before.presets, ...wish.scopes }) : null,
    passHeaders: passHeaders.value,
    maxConcurrent: wish.maxConcurrent ?? before.maxConcurrent,
    firstByteMs: wish.firstByteMs ?? before.firstByteMs,
    idleMs: wish.idleMs ?? before.idleMs,
  };
  if (!record.byPath && record.host === null && record.port === null)
    return err(
      fieldFault('invalid_request', 'by_path', 'the route could not be reached: give a host or a port'),
    );
  if (record.presets === null && record.rules.length === 0)
    return err(fieldFault('invalid_request', 'rules', 'without presets a route needs at least one rule'));
  return ok(record);
}

const detailOf = (record: RouteRecord): Record<string, unknown> => ({
  id: record.id,
  ...('connectionId' in record.target
    ? { connection: record.target.connectionId }
    : { to: record.target.origin }),
  host: record.host,
  port: record.port,
  by_path: record.byPath,
  rules: record.rules.length,
  presets: record.presets === null ? null : LEVELS.map((level) => record.presets?.[level]),
});
