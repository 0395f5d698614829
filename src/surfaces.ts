import type { FastifyInstance } from 'fastify';
import { atlasDialect } from './dialects/atlas/atlas.ts';
import { gafaelfawrDialect } from './dialects/gafaelfawr/gafaelfawr.ts';
import { glassdomeDialect } from './dialects/glassdome/glassdome.ts';
import { osmoDialect } from './dialects/osmo/osmo.ts';
import { guardRoutes } from './http/guard/routes.ts';
import { registerOpenapi } from './http/openapi.ts';
import { auditRoutes } from './http/routes/audit/audit.ts';
import { brokerRoutes } from './http/routes/broker/routes.ts';
import { connectionRoutes } from './http/routes/connections/connections.ts';
import { credentialRoutes } from './http/routes/connections/credentials.ts';
import { eventRoutes } from './http/routes/connections/events.ts';
import { inventoryRoutes } from './http/routes/connections/inventory.ts';
import { watchRoutes } from './http/routes/connections/watch.ts';
import { jobEventRoute } from './http/routes/machines/job-events.ts';
import { machineRoutes } from './http/routes/machines/machines.ts';
import { strayRoutes } from './http/routes/machines/strays.ts';
import { oauthRoutes } from './http/routes/oauth/oauth.ts';
import { signingKeyRoutes } from './http/routes/oauth/signing-keys.ts';
import { operationRoutes } from './http/routes/operations/operations.ts';
import { roleRoutes } from './http/routes/people/roles.ts';
import { userRoutes } from './http/routes/people/users.ts';
import { providerRoutes } from './http/routes/sessions/provider.ts';
import { sessionRoutes } from './http/routes/sessions/sessions.ts';
import { tokenRoutes } from './http/routes/tokens/tokens.ts';
import { registerWebUi } from './http/web-ui.ts';

/** Our own interface, part by part. */
const NATIVE = [
  operationRoutes,
  guardRoutes,
  sessionRoutes,
  providerRoutes,
  tokenRoutes,
  userRoutes,
  roleRoutes,
  auditRoutes,
  signingKeyRoutes,
  oauthRoutes,
  brokerRoutes,
  connectionRoutes,
  watchRoutes,
  credentialRoutes,
  inventoryRoutes,
  eventRoutes,
  machineRoutes,
  strayRoutes,
  jobEventRoute,
] as const;

const DIALECTS = [glassdomeDialect, atlasDialect, osmoDialect, gafaelfawrDialect] as const;

/** What one function or another takes as its second argument, all of it together. */
type NeedsOfAll<F> = (
  F extends (app: FastifyInstance, needs: infer N) => unknown
    ? (needs: N) => void
    : never
) extends (needs: infer All) => void
  ? All
  : never;

export type SurfaceNeeds = NeedsOfAll<(typeof NATIVE)[number]> &
  NeedsOfAll<(typeof DIALECTS)[number]> & {
    readonly version: string;
    /** Where the web interface was built to. */
    readonly webFolder: string;
  };

/** Everything that answers at an address, over the rooms that know the answers. */
export async function openSurfaces(http: FastifyInstance, needs: SurfaceNeeds): Promise<void> {
  registerOpenapi(http, needs.publicUrl, needs.version);
  for (const open of NATIVE) open(http, needs);
  for (const open of DIALECTS) await open(http, needs);
  await registerWebUi(http, needs.webFolder);
}
