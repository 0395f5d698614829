import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { internalActor } from './access/principal.ts';
import { chainMac } from './audit/chain.ts';
import { createAuditTrail } from './audit/trail.ts';
import { type Change, change } from './base/change.ts';
import { type Clock, DAY, systemClock } from './base/clock.ts';
import { err, ok, type Result } from './base/result.ts';
import { Secret } from './base/secret.ts';
import { ROUTE_PREFIX } from './broker/door.ts';
import { createBrokerRoom } from './broker/room.ts';
import { sharedMetrics } from './cluster.ts';
import type { Settings } from './config/settings.ts';
import type { Connections } from './connections/connections.ts';
import { createRewrap } from './connections/rewrap.ts';
import { type ConnectionRoom, createConnectionRoom } from './connections/room.ts';
import { createWebhookKey } from './connections/webhook-key.ts';
import type { Keyring } from './crypto/keyring.ts';
import { orderedId } from './crypto/ordered-id.ts';
import { createPasswordHasher } from './crypto/password.ts';
import { type RandomSource, randomBase62, systemRandom } from './crypto/random.ts';
import { createSealer } from './crypto/seal.ts';
import { atlasDialect } from './dialects/atlas/atlas.ts';
import { gafaelfawrDialect } from './dialects/gafaelfawr/gafaelfawr.ts';
import { glassdomeDialect } from './dialects/glassdome/glassdome.ts';
import { osmoDialect } from './dialects/osmo/osmo.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { createClientAddress } from './http/client-address.ts';
import { createGuard, GUARD_PREFIX } from './http/guard/guard.ts';
import { guardRoutes } from './http/guard/routes.ts';
import { createMetrics, newCounters } from './http/metrics.ts';
import { registerOpenapi } from './http/openapi.ts';
import { auditRoutes } from './http/routes/audit/audit.ts';
import { brokerRoutes } from './http/routes/broker/routes.ts';
import { connectionRoutes } from './http/routes/connections/connections.ts';
import { credentialRoutes } from './http/routes/connections/credentials.ts';
import { eventRoutes } from './http/routes/connections/events.ts';
import { inventoryRoutes } from './http/routes/connections/inventory.ts';
import { connectionMetrics } from './http/routes/connections/metrics.ts';
import { watchRoutes } from './http/routes/connections/watch.ts';
import { jobEventRoute } from './http/routes/machines/job-events.ts';
import { machineRoutes } from './http/routes/machines/machines.ts';
import { jobMetrics } from './http/routes/machines/metrics.ts';
import { strayRoutes } from './http/routes/machines/strays.ts';
import { oauthRoutes } from './http/routes/oauth/oauth.ts';
import { signingKeyRoutes } from './http/routes/oauth/signing-keys.ts';
import { operationRoutes } from './http/routes/operations/operations.ts';
import { roleRoutes } from './http/routes/people/roles.ts';
import { userRoutes } from './http/routes/people/users.ts';
import { CALLBACK, type ProviderRooms, providerRoutes } from './http/routes/sessions/provider.ts';
import { sessionRoutes } from './http/routes/sessions/sessions.ts';
import { tokenRoutes } from './http/routes/tokens/tokens.ts';
import { createHttpServer } from './http/server.ts';
import { listenTls, openTls } from './http/tls.ts';
import { registerWebUi } from './http/web-ui.ts';
import { createGuestStates } from './machines/guest-states.ts';
import { createMachines } from './machines/machines.ts';
import { createRunner } from './machines/runner.ts';
import { createStrays } from './machines/strays.ts';
import { createJobWatch } from './machines/watch.ts';
import { createAttempts } from './oidc/attempt.ts';
import { createOutbound } from './outbound/client.ts';
import { originUrl, parseOrigin } from './outbound/origin.ts';
import { redactor } from './outbound/redact.ts';
import { checkAuthority, parseFingerprint } from './outbound/trust.ts';
import { createIdentities } from './people/identities.ts';
import { createProviderSignIn } from './people/provider-sign-in.ts';
import { createQuotaBook } from './people/quota-book.ts';
import { createRateLimiter } from './people/rate.ts';
import { createRoles } from './people/roles.ts';
import { createSetup, type Setup } from './people/setup.ts';
import { createSignIn } from './people/sign-in.ts';
import { createThrottle } from './people/throttle.ts';
import { createUsers } from './people/users.ts';
import { fileAnchor } from './storage/anchor.ts';
import { createChangeFeed } from './storage/feed.ts';
import { installBuiltins } from './storage/install.ts';
import { createLeases } from './storage/leases.ts';
import { migrate } from './storage/migrate.ts';
import { type Database, openDatabase } from './storage/open.ts';
import { sealedValue } from './storage/sealed-values.ts';
import { createStore } from './storage/store.ts';
import { createAccessJwts } from './tokens/access-jwt.ts';
import { createDelegate } from './tokens/delegate.ts';
import { createEdit } from './tokens/edit.ts';
import { createExchange } from './tokens/exchange.ts';
import { BRIEF, createFacts } from './tokens/facts.ts';
import { createLastUses } from './tokens/last-use.ts';
import { createMint } from './tokens/mint.ts';
import { createTokenQueries } from './tokens/query.ts';
import { createRevoke } from './tokens/revoke.ts';
import { createSigningKeys } from './tokens/signing-keys.ts';
import { parseToken } from './tokens/token-string.ts';
import { createVerifier } from './tokens/verify.ts';

export interface AppNeeds {
  readonly settings: Settings;
  readonly keyring: Keyring;
  readonly log: Logger;
  readonly version: string;
  /** Where the web interface was built to. */
  readonly webFolder: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
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
  const { settings, keyring, log, version, webFolder, clock = systemClock, random = systemRandom } = needs;
  const { config, secrets } = settings;

  const opened = await openDatabase(
    secrets.databaseUrl === null
      ? { engine: 'sqlite', folder: config.dataDir }
      : { engine: 'postgres', url: secrets.databaseUrl },
  );
  if (!opened.ok) return opened;
  const database: Database = opened.value;
  const migrated = await migrate(database.db, database.engine);
  if (!migrated.ok) {
    await database.close();
    return migrated;
  }
  const scopesCame = await installBuiltins(database.db, config.scopes);

  const sealer = createSealer(keyring, random);
  const auditKey = await sealedValue(
    database.db,
    database.engine,
    sealer,
    'audit-key',
    () => new Secret(randomBase62(43, random)),
  );
  if (!auditKey.ok && auditKey.error.code !== 'sealed') {
    await database.close();
    return auditKey;
  }

  const counters = newCounters();
  const mac = auditKey.ok ? chainMac(auditKey.value.reveal()) : null;
  const feedChanged = (changes: readonly Change[]): void => {
    for (const step of changes) {
      jobWatch.follow(step);
      if (step.topic === 'job') continue;
      facts.forget(step);
      connectionRoom.forget(step);
      broker.forget(step);
      if (step.topic === 'signing-keys') {
        signingKeys.forget();
        jwts.forget();
      }
      if (step.topic === 'quota') rereadQuotas();
    }
  };
  // Until they are read, the quotas known so far go on counting.
  const rereadQuotas = (): void =>
    void quotas.reload().catch((error: unknown) => log.error({ err: error }, 'reading quotas failed'));
  const jobWatch = createJobWatch();
  const store = createStore({
    db: database.db,
    engine: database.engine,
    mac,
    clock,
    committed: (changes) => feed.committed(changes),
  });
  const facts = createFacts(store);
  const quotas = createQuotaBook({ store, clock, configured: config.quotas });
  const signingKeys = createSigningKeys({ store, sealer, clock, random });
  const jwts = createAccessJwts({ keys: signingKeys, issuer: config.publicUrl, clock, random });
  const feed = createChangeFeed(database.feedSource, {
    changed: feedChanged,
    lost() {
      jobWatch.stir();
      facts.forgetAll();
      connectionRoom.forgetAll();
      broker.forgetAll();
      signingKeys.forget();
      jwts.forget();
      rereadQuotas();
    },
  });

  const anew = () => createFacts(store, BRIEF);
  const verifier = createVerifier({ facts, anew, jwts, clock, feedIsFresh: feed.isFresh });
  const mintSettings = { longestSeconds: config.longestTokenSeconds, sessionSeconds: config.sessionSeconds };
  const mint = createMint({ store, clock, random, settings: mintSettings });
  const edit = createEdit({ store, clock, longestSeconds: config.longestTokenSeconds });
  const revoke = createRevoke({ store, clock });
  const queries = createTokenQueries(store);
  const delegate = createDelegate({
    store,
    verifier,
    sealer,
    clock,
    random,
    lifetimeSeconds: config.delegatedSeconds,
  });
  const audit = createAuditTrail({
    store,
    mac,
    anchor: fileAnchor(config.dataDir),
    alarm: (sentence) => log.error(sentence),
    clock,
    dropped: () => {
      counters.auditDropped++;
    },
  });
  const exchange = createExchange({
    verifier,
    jwts,
    defaultAudience: config.publicUrl,
    lifetimeSeconds: config.jwtSeconds,
    audit,
    clock,
  });
  const lastUses = createLastUses({ write: store.recordLastUse, clock });

  const webhookSecret = await sealedValue(
    database.db,
    database.engine,
    sealer,
    'webhook-key',
    () => new Secret(randomBase62(43, random)),
  );
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
      secrets.webhookUrl === null || !webhookSecret.ok
        ? null
        : { url: secrets.webhookUrl, key: webhookSecret.value },
    deliveryFailed: (error) => log.error({ err: error }, 'delivering events failed; tried again later'),
  });
  if (!room.ok) {
    await database.close();
    return room;
  }
  const connectionRoom: ConnectionRoom = room.value;

  const metrics = createMetrics(counters, feed.isFresh);
  connectionMetrics(metrics, store);
  const runner = createRunner({
    store,
    outlets: connectionRoom.outlets,
    clock,
    holder: randomUUID(),
    addressSeconds: config.machines.addressSeconds,
    clonesAtOnce: config.machines.clonesAtOnce,
    stepped: jobMetrics(metrics, store),
    announcing: connectionRoom.announcing,
    failed: (error) => log.error({ err: error }, 'working at jobs failed; tried again'),
  });
  const machines = createMachines({
    store,
    outlets: connectionRoom.outlets,
    runner,
    settings: config.machines,
    clock,
    newId: () => orderedId(clock, systemRandom),
  });

  const passwords = createPasswordHasher();
  const signIn = createSignIn({ store, passwords, throttle: createThrottle(store.throttle, clock) });
  const users = createUsers({ store, clock, passwords, signIn });
  const rates = createRateLimiter({ store, clock, process: randomUUID() });
  const roles = createRoles({ store, clock });
  const configured = secrets.bootstrapToken === null ? null : parseToken(secrets.bootstrapToken.reveal());
  const setup = createSetup({ store, passwords, clock, configured });

  const { oidc: oidcConfig } = config;
  const identities = createIdentities({ store, clock, issuer: oidcConfig?.issuer ?? null });
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

  const publicHost = new URL(config.publicUrl).hostname;
  const clientAddress = createClientAddress(config.trustedProxies);
  const authenticate = createAuthenticate({ verifier, setup, clientAddress, lastUses, audit, clock });
  const guard = createGuard({
    verifier,
    delegate,
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
    },
  });
  broker.door.attach(http.server);
  const secureServer =
    tls === null ? null : listenTls(tls, (secured) => void http.server.emit('connection', secured));
  registerOpenapi(http, config.publicUrl, version);
  operationRoutes(http, {
    authenticate,
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
      if (mac === null) reasons.push('the master key is missing');
      return reasons;
    },
  });
  guardRoutes(http, guard);
  sessionRoutes(http, {
    authenticate,
    setup,
    signIn,
    mint,
    revoke,
    users,
    audit,
    clientAddress,
    clock,
    secureCookies: config.publicUrl.startsWith('https:'),
  });
  const { publicUrl } = config;
  providerRoutes(http, { oidc, mint, audit, clientAddress, clock, publicUrl });
  tokenRoutes(http, { authenticate, mint, edit, revoke, queries, reads: store, verifier, clock, counters });
  userRoutes(http, { authenticate, users, identities });
  roleRoutes(http, { authenticate, roles, users });
  auditRoutes(http, { authenticate, audit });
  signingKeyRoutes(http, { authenticate, signingKeys });
  oauthRoutes(http, {
    verifier,
    exchange,
    revoke,
    signingKeys,
    recentlyRevoked: store.recentlyRevoked,
    audit,
    clientAddress,
    counters,
    clock,
    issuer: config.publicUrl,
  });
  brokerRoutes(http, { authenticate, ...broker, portTls: tls !== null });
  connectionRoutes(http, { authenticate, clock, ...connectionRoom });
  watchRoutes(http, { authenticate, clock, ...connectionRoom });
  credentialRoutes(http, { authenticate, clock, ...connectionRoom });
  inventoryRoutes(http, { authenticate, ...connectionRoom });
  eventRoutes(http, {
    authenticate,
    events: connectionRoom.events,
    rewrap: createRewrap({ store, sealer, keyring, clock }),
    webhookKey: createWebhookKey({ store, clock, url: secrets.webhookUrl, key: webhookSecret }),
  });
  machineRoutes(http, {
    authenticate,
    machines,
    guests: createGuestStates(connectionRoom.outlets, clock),
  });
  strayRoutes(http, {
    authenticate,
    strays: createStrays({ store, outlets: connectionRoom.outlets, runner, clock }),
  });
  jobEventRoute(http, { authenticate, machines, watch: jobWatch, clock });
  glassdomeDialect(http, { authenticate, machines, watch: jobWatch });
  atlasDialect(http, { authenticate, clock, ...connectionRoom });
  osmoDialect(http, {
    authenticate,
    verifier,
    exchange,
    mint,
    revoke,
    queries,
    users,
    signIn,
    signingKeys,
    lastUses,
    audit,
    clientAddress,
    counters,
    clock,
    publicUrl: config.publicUrl,
    longestTokenSeconds: config.longestTokenSeconds,
  });
  await gafaelfawrDialect(http, {
    authenticate,
    mint,
    edit,
    revoke,
    queries,
    reads: store,
    verifier,
    quotas,
    counters,
    clock,
    publicUrl: config.publicUrl,
  });
  await registerWebUi(http, webFolder);

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
      runner.start();
      await http.ready();
      return ok(undefined);
    },
    async close() {
      broker.close();
      jobWatch.close();
      secureServer?.endAll();
      tls?.close();
      await http.close();
      await runner.stop();
      audit.settle();
      await housekeeping.stop();
      await feed.stop();
      await database.close();
    },
  });
}

/** The proxy that other programs of this machine use; connections go straight, and a test says so. */
function proxyOf(environment: Readonly<Record<string, string | undefined>>) {
  const address = environment.HTTPS_PROXY ?? environment.https_proxy ?? '';
  const exceptions = environment.NO_PROXY ?? environment.no_proxy ?? '';
  return address === '' ? null : { address, exceptions };
}
