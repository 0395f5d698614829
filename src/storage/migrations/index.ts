import type { Migration } from 'kysely';
import type { Engine } from '../engine.ts';
import { foundation } from './001-foundation.ts';
import { connections } from './002-connections.ts';
import { routes } from './003-routes.ts';
import { tokenEnds } from './004-token-ends.ts';
import { identities } from './005-identities.ts';
import { jobs } from './006-jobs.ts';
import { auditByRoute } from './007-audit-by-route.ts';
import { auditBySubject } from './008-audit-by-subject.ts';

/** In order; the name is what the database remembers. Add at the end, never change what stands. */
export const migrations = (engine: Engine): Record<string, Migration> => ({
  '001-foundation': foundation(engine),
  '002-connections': connections(engine),
  '003-routes': routes(engine),
  '004-token-ends': tokenEnds(),
  '005-identities': identities(engine),
  '006-jobs': jobs(engine),
  '007-audit-by-route': auditByRoute(),
  '008-audit-by-subject': auditBySubject(),
});
