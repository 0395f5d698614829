import type { FastifyInstance } from 'fastify';
import type { Authenticate } from '../../http/authenticate.ts';
import { answerFailure, refuse, sendDetail } from './answer.ts';
import { calls, FOLDERS } from './call.ts';
import { type ConfigCallNeeds, configCalls } from './configs.ts';
import { type HostCallNeeds, hostCalls } from './hosts.ts';

export interface AtlasNeeds extends ConfigCallNeeds, HostCallNeeds {
  readonly authenticate: Authenticate;
}

/** The Foreman part of Atlas: its configurations are our connections of that kind. */
export function atlasDialect(app: FastifyInstance, needs: AtlasNeeds): void {
  app.register(async (scope) => {
    scope.setErrorHandler(answerFailure);
    const add = calls(scope, needs.authenticate);
    configCalls(add, needs);
    hostCalls(add, needs);
  });
  for (const prefix of FOLDERS) {
    app.manners.set(prefix, {
      refused: (reply, fault) => refuse(reply, fault),
      notFound: (_request, reply, methods) =>
        methods.length === 0
          ? sendDetail(reply, 404, 'Not Found')
          : sendDetail(reply, 405, 'Method Not Allowed'),
    });
  }
}
