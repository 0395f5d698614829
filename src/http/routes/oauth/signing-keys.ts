import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { requireScope } from '../../../access/policy.ts';
import { ADMIN_SCOPE } from '../../../access/scopes.ts';
import { ok } from '../../../base/result.ts';
import type { SigningKeys } from '../../../tokens/signing-keys.ts';
import type { Authenticate } from '../../authenticate.ts';
import { timestamp } from '../../present.ts';
import { route } from '../../route.ts';

export interface SigningKeyRouteNeeds {
  readonly authenticate: Authenticate;
  readonly signingKeys: SigningKeys;
}

export function signingKeyRoutes(
  app: FastifyInstance,
  { authenticate, signingKeys }: SigningKeyRouteNeeds,
): void {
  route(app, authenticate, {
    method: 'POST',
    path: '/api/v1/signing-keys/rotate',
    tag: 'OAuth',
    summary: 'Publish a new signing key',
    description:
      'It signs from ten minutes later, when every verifier has it; what the old one signed stays good.',
    response: z.object({ kid: z.string(), active_from: z.string() }),
    status: 201,
    faults: ['insufficient_scope', 'conflict'],
    async handle({ caller }) {
      const allowed = requireScope(caller.actor, ADMIN_SCOPE, 'rotate signing keys');
      if (!allowed.ok) return allowed;
      const made = await signingKeys.rotate(caller.actor);
      return made.ok ? ok({ kid: made.value.kid, active_from: timestamp(made.value.activeFrom) }) : made;
    },
  });
}
