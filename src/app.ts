import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { internalActor } from './access/principal.ts';
import { auditChain } from './audit/chain.ts';
import { createAuditTrail } from './audit/trail.ts';
import { type Change, change } from './base/change.ts';
import { type Clock, DAY, systemClock, systemWait, type Wait } from './base/clock.ts';
import { err, ok, type Result } from './base/result.ts';
import { ROUTE_PREFIX } from './broker/door.ts';
import { readRequestHead } from './broker/request-head.ts';
import { createBrokerRoom } from './broker/room.ts';
import { openCellar } from './cellar.ts';
import { sharedMetrics } from './cluster.ts';
import type { Settings } from './config/settings.ts';
import type { Connections } from './connections/connections.ts';
import { createRewrap } from './connections/rewrap.ts';
import { type ConnectionRoom, createConnectionRoom } from './connections/room.ts';
import { createWebhookKey } from './connections/webhook-key.ts';
import type { Keyring } from './crypto/keyring.ts';
import { orderedId } from './crypto/ordered-id.ts';
import { type RandomSource, systemRandom } from './crypto/random.ts';
import { makeSigningKey } from './crypto/signing.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { createClientAddress, isHandedOn } from './http/client-address.ts';
import { createGuard, GUARD_PREFIX } from './http/guard/guard.ts';
import { createMetrics, newCounters } from './http/metrics.ts';
import { connectionMetrics } from './http/routes/connections/metrics.ts';
import { jobMetrics } from './http/routes/machines/metrics.ts';
import { CALLBACK, type ProviderRooms } from './http/routes/sessions/provider.ts';
import { createHttpServer } from './http/server.ts';
import { listenTls, openTls } from './http/tls.ts';
import { proxyOf } from './kinds/reach/surroundings.ts';
import { createMachineRoom } from './machines/room.ts';
import { createAttempts } from './oidc/attempt.ts';
import { createOutbound } from './outbound/client.ts';
import { originUrl, parseOrigin } from './outbound/origin.ts';
import { redactor } from './outbound/redact.ts';
import { checkAuthority, parseFingerprint } from './outbound/trust.ts';
import { createProviderSignIn } from './people/provider-sign-in.ts';
import { createQuotaBook } from './people/quota-book.ts';
import { createPeopleRoom } from './people/room.ts';
import type { Setup } from './people/setup.ts';
import { fileAnchor } from './storage/anchor.ts';
import { createChangeFeed } from './storage/feed.ts';
import { createLeases } from './storage/leases.ts';
import { createStore } from './storage/store.ts';
import { openSurfaces } from './surfaces.ts';
import { createTokenRoom } from './tokens/room.ts';
import { parseToken } from './tokens/token-string.ts';

export interface AppNeeds {
  readonly settings: Settings;
  readonly keyring: Keyring;
  readonly log: Logger;
  readonly version: string;
  /** Where the web interface was built to. */
  readonly webFolder: string;
  readonly clock?: Clock;
  /** Between two looks of a job at the system it works on. */
  readonly wait?: Wait;
  readonly random?: RandomSource;
  readonly newSigningKey?: typeof makeSigningKey;
}

export interface App {
  readonly http: FastifyInstance;
  /** Speaks TLS and leads to `http`; to be made to listen by whoever wants it. Null without a certificate. */
  readonly secureServer: NetServer | null;
  readonly setup: Setup;
  readonly connections: Connections;
  /** What the schedule does with connections, now. */
  readonly tendConnections: () => Promise<void>;
  /** Begins following the feed and the timers; call before listening. */
  start(): Promise<Result<void>>;
  /** Stops in reverse order; what was gathered in memory is written. */
  close(): Promise<void>;
}

/** The plan of the house: every room built in order from what it needs. The one place that knows them all. */
export async function createApp(needs: AppNeeds): Promise<Result<App>> {
  const { settings, keyring, log, version, webFolder } = needs;
  const {
    clock = systemClock,
    wait = systemWait,
    random = systemRandom,
    newSigningKey = makeSigningKey,
  } = needs;
  const { config, secrets } = settings;

  const opened = await openCellar({ settings, keyring, random });
  if (!opened.ok) return opened;
  const { database, scopesCame, sealer, auditKey, webhookKey } = opened.value;

  const counters = newCounters();
  const chain = auditKey.ok ? auditChain(auditKey.value.reveal()) : null;
  const feedChanged = (changes: readonly Change[]): void => {
    for (const step of changes) {
      machineRoom.watch.follow(step);
      if (step.topic === 'job') continue;
      tokens.forget(step);
      connectionRoom.forget(step);
      broker.forget(step);
      if (step.topic === 'quota') rereadQuotas();
    }
  };
  // Until they are read, the quotas known so far go on counting.
  const rereadQuotas = (): void =>
    void quotas.reload().catch((error: unknown) => log.error({ err: error }, 'reading quotas failed'));
  const store = createStore({
    db: database.db,
    engine: database.engine,
    chain,
    clock,
    committed: (changes) => feed.committed(changes),
  });
  const quotas = createQuotaBook({ store, clock, configured: config.quotas });
  const feed = createChangeFeed(database.feedSource, {
    changed: feedChanged,
    lost() {
      machineRoom.watch.stir();
      tokens.forgetAll();
      connectionRoom.forgetAll();
      broker.forgetAll();
      rereadQuotas();
    },
  });

  const audit = createAuditTrail({
    store,
    chain,
    anchor: fileAnchor(config.dataDir),
    alarm: (sentence) => log.error(sentence),
    clock,
    dropped: () => {
      counters.auditDropped++;
    },
  });
  const tokens = createTokenRoom({
    store,
    sealer,
    audit,
    clock,
    random,
    newSigningKey,
    feedIsFresh: feed.isFresh,
    issuer: config.publicUrl,
    longestSeconds: config.longestTokenSeconds,
    sessionSeconds: config.sessionSeconds,
    delegatedSeconds: config.delegatedSeconds,
    jwtSeconds: config.jwtSeconds,
  });
  const { verifier, lastUses, signingKeys } = tokens;

  const leases = createLeases(database.db, clock);
  const room = createConnectionRoom({
    store,
    leases,
    sealer,
    wayOut: { parseOrigin, originUrl, parseFingerprint, checkAuthority, open: createOutbound, redactor },
    clock,
    newId: randomUUID,
    proxy: proxyOf(process.env),
    callSeconds: config.connectionTimeoutSeconds,
    recheckSeconds: config.connectionCheckSeconds,
    webhook:
      secrets.webhookUrl === null || !webhookKey.ok
        ? null
        : { url: secrets.webhookUrl, key: webhookKey.value },
    deliveryFailed: (error) => log.error({ err: error }, 'delivering events failed; tried again later'),
  });
  if (!room.ok) {
    await database.close();
    return room;
  }
  const connectionRoom: ConnectionRoom = room.value;

  const metrics = createMetrics(counters, feed.isFresh);
  connectionMetrics(metrics, store);
  const machineRoom = createMachineRoom({
    store,
    outlets: connectionRoom.outlets,
    clock,
    wait,
    newId: () => orderedId(clock, systemRandom),
    holder: randomUUID(),
    settings: config.machines,
    addressSeconds: config.machines.addressSeconds,
    clonesAtOnce: config.machines.clonesAtOnce,
    stepped: jobMetrics(metrics, store),
    announcing: connectionRoom.announcing,
    failed: (error) => log.error({ err: error }, 'working at jobs failed; tried again'),
  });

  const { oidc: oidcConfig } = config;
  const people = createPeopleRoom({
    store,
    clock,
    process: randomUUID(),
    configured: secrets.bootstrapToken === null ? null : parseToken(secrets.bootstrapToken.reveal()),
    issuer: oidcConfig?.issuer ?? null,
  });
  const { setup, rates } = people;
  let oidc: ProviderRooms | null = null;
  if (oidcConfig !== null && secrets.oidcClientSecret !== null) {
    // With its library it is loaded for those who use it.
    const { createProvider } = await import('./oidc/provider.ts');
    oidc = {
      label: oidcConfig.label,
      provider: createProvider({
        settings: oidcConfig,
        secret: secrets.oidcClientSecret,
        redirectUri: config.publicUrl + CALLBACK,
        clock,
      }),
      attempts: createAttempts({ sealer, clock, random }),
      signIn: createProviderSignIn({ store, clock, rules: oidcConfig }),
    };
  }

  const { publicUrl } = config;
  const publicHost = new URL(publicUrl).hostname;
  const clientAddress = createClientAddress(config.trustedProxies);
  const authenticate = createAuthenticate({ verifier, setup, clientAddress, lastUses, audit, clock });
  const guard = createGuard({
    verifier,
    delegate: tokens.delegate,
    lastUses,
    quotas,
    rates,
    audit,
    clientAddress,
    counters,
    clock,
    publicHost,
    delegatedSeconds: config.delegatedSeconds,
    report: (error) => log.error({ err: error }, 'unexpected failure in the guard'),
  });

  // Without a port for it TLS is a matter of routes alone, and only where somebody made a certificate.
  const wantsTls = config.tlsPort !== null || existsSync(config.tlsCertFile);
  const openedTls = wantsTls
    ? openTls({
        certFile: config.tlsCertFile,
        keyFile: config.tlsKeyFile,
        reloaded: (fault) =>
          fault === null
            ? log.info('took a new TLS certificate')
            : log.warn(`kept the TLS certificate: ${fault.message}`),
      })
    : ok(null);
  if (!openedTls.ok) {
    await database.close();
    return openedTls;
  }
  const tls = openedTls.value;
  const broker = createBrokerRoom({
    store,
    verifier,
    feedIsFresh: feed.isFresh,
    outlets: connectionRoom.outlets,
    lastUses,
    audit,
    clock,
    newId: randomUUID,
    addressOf: clientAddress,
    host: config.host,
    ownPorts: [config.port, ...(config.tlsPort === null ? [] : [config.tlsPort])],
    secure: tls?.secure ?? null,
    doubted: connectionRoom.testing.doubted,
    failed: (what, error) => log.error({ err: error }, `${what} failed`),
  });

  const http = createHttpServer({
    log,
    counters,
    publicHost,
    fastPath(message, response) {
      if (broker.door.take(message, response)) return true;
      const handler = guard.at(message.url ?? '');
      handler?.(message, response);
      return handler !== null;
    },
    front: {
      prefixes: [GUARD_PREFIX, ROUTE_PREFIX],
      find(url, host, socket) {
        const at = broker.door.at(url, host, socket);
        return at === 'nobody' ? guard.at(url) : at;
      },
      isShared: (rawHeaders, socket) =>
        isHandedOn(clientAddress, socket.remoteAddress, readRequestHead(rawHeaders).forwardedFor),
    },
  });
  broker.door.attach(http.server);
  const secureServer =
    tls === null ? null : listenTls(tls, (secured) => void http.server.emit('connection', secured));
  await openSurfaces(http, {
    ...people,
    ...tokens,
    ...connectionRoom,
    ...broker,
    ...machineRoom,
    guard,
    version,
    webFolder,
    store,
    metrics: sharedMetrics(metrics),
    async obstacles() {
      const reasons: string[] = [];
      if (!feed.isFresh()) reasons.push('the change feed has not been read for five seconds');
      try {
        await store.head();
      } catch {
        reasons.push('the database does not answer');
      }
      if (chain === null) reasons.push('the master key is missing');
      return reasons;
    },
    authenticate,
    clientAddress,
    counters,
    clock,
    audit,
    reads: store,
    recentlyRevoked: store.recentlyRevoked,
    quotas,
    oidc,
    rewrap: createRewrap({ store, sealer, keyring, clock }),
    webhookKey: createWebhookKey({ store, clock, url: secrets.webhookUrl, key: webhookKey }),
    publicUrl,
    issuer: publicUrl,
    secureCookies: publicUrl.startsWith('https:'),
    portTls: tls !== null,
    longestTokenSeconds: config.longestTokenSeconds,
  });

  const housekeeping = createHousekeeping({
    leases,
    holder: randomUUID(),
    log,
    clock,
    everyProcess: {
      flushLastUses: () => lastUses.flush(),
      flushAudit: () => audit.flush(),
      shareRates: () => rates.share(),
      failed: (what) => {
        if (what === 'audit') counters.auditWriteFailures++;
        else counters.lastUseWriteFailures++;
      },
    },
    oneProcess: {
      sweepEndedTokens: store.sweepEndedTokens,
      prune: store.prune,
      async rotateSigningKeys() {
        if (await signingKeys.isDue(config.signingKeyDays * DAY)) await signingKeys.rotate(internalActor);
      },
      tendConnections: connectionRoom.turn,
    },
  });

  return ok({
    http,
    secureServer,
    setup,
    connections: connectionRoom.connections,
    tendConnections: connectionRoom.turn,
    async start() {
      await audit.begin();
      // Processes that run already know the scopes of their own start.
      if (scopesCame) {
        await store.change(async (tx) => {
          await tx.changed(change('scopes'));
          return ok(undefined);
        });
      }
      const keys = await signingKeys.ensure();
      if (!keys.ok && keys.error.code !== 'sealed') return err(keys.error);
      await feed.start();
      await broker.start();
      await quotas.reload();
      const roleNames = new Set((await store.roles()).map((role) => role.name));
      for (const { role } of oidcConfig?.roles ?? []) {
        if (!roleNames.has(role))
          log.warn(`TESSERA_OIDC_ROLES names the role '${role}', which does not exist yet`);
      }
      housekeeping.start();
      machineRoom.runner.start();
      await http.ready();
      return ok(undefined);
    },
    async close() {
      broker.close();
      machineRoom.watch.close();
      secureServer?.endAll();
      tls?.close();
      await http.close();
      await machineRoom.runner.stop();
      audit.settle();
      await housekeeping.stop();
      await feed.stop();
      await database.close();
    },
  });
}
