import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../../base/fault.ts';
import type { Authenticate } from '../../http/authenticate.ts';
import { acceptForms } from '../../http/form.ts';
import { loggedFaultOf } from '../../http/framework-fault.ts';
import type { Exchange } from '../../tokens/exchange.ts';
import { sendError } from './answer.ts';
import { signedInCalls } from './call.ts';
import { type LoginCallNeeds, loginCalls } from './login.ts';
import { createLoginJwts } from './login-jwt.ts';
import { PASSWORD_PATH, type PasswordCallNeeds, passwordCall } from './password.ts';
import { profileCalls } from './profile.ts';
import { type TokenCallNeeds, tokenCalls } from './tokens.ts';
import { type UserCallNeeds, userCalls } from './users.ts';

type Calls = Omit<TokenCallNeeds & UserCallNeeds, 'ownCall' | 'ownTokenCall' | 'adminCall'> &
  Omit<LoginCallNeeds, 'loginJwts' | 'passwordEndpoint'> &
  Omit<PasswordCallNeeds, 'loginJwts'>;

export interface OsmoNeeds extends Calls {
  readonly authenticate: Authenticate;
  readonly exchange: Exchange;
  readonly publicUrl: string;
}

/** Folders of the original service that its client asks in; what we do not have there is refused in its form. */
const FOLDERS = [
  'auth',
  'profile',
  'workflow',
  'pool',
  'pool_quota',
  'resources',
  'task',
  'app',
  'bucket',
  'credentials',
  'configs',
];

/** The token service of NVIDIA OSMO, as its command line from 6.2.8 on speaks to it, over our own rooms. */
export function osmoDialect(app: FastifyInstance, needs: OsmoNeeds): void {
  const loginJwts = createLoginJwts(needs.exchange, needs.verifier);
  const calls = signedInCalls(needs.authenticate, needs.clock);
  // Passwords are invited over TLS only; the client itself refuses to refresh such a login without.
  const passwordEndpoint = needs.publicUrl.startsWith('https:') ? needs.publicUrl + PASSWORD_PATH : null;

  app.register(async (scope) => {
    scope.setErrorHandler(answerFailure);
    loginCalls(scope, { ...needs, loginJwts, passwordEndpoint });
    scope.register(async (forms) => {
      acceptForms(forms);
      passwordCall(forms, { ...needs, loginJwts });
    });
    tokenCalls(scope, { ...needs, ...calls });
    userCalls(scope, { ...needs, ...calls });
    profileCalls(scope, calls);
  });

  for (const folder of FOLDERS) {
    app.manners.set(`/api/${folder}`, {
      refused: (reply, refusal) => sendError(reply, refusal),
      notFound(request, reply, methods) {
        if (methods.length > 0)
          return sendError(reply, fault('method_not_allowed', 'Method Not Allowed'), 405);
        const message = `This server keeps tokens, users and roles; it has nothing for ${request.method} at this address.`;
        return sendError(reply, fault('not_found', message), 404);
      },
    });
  }
}

function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendError(reply, loggedFaultOf(error, request));
}
