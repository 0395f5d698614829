import type { z } from 'zod';
import type {
  FirstAdministrator,
  Me,
  Session,
  SetupState,
  SignIn,
  SignInMethods,
} from '../../wire/sessions.ts';
import type { Transport } from '../transport.ts';

export function sessionCalls(transport: Transport) {
  return {
    /** Signs in by name and password. With delivery `cookie` the CSRF token is remembered for later calls. */
    async signIn(request: SignIn): Promise<Session> {
      const session = await transport.call<Session>('POST', '/api/v1/sessions', {
        json: request,
        token: null,
      });
      if (session.csrf_token !== undefined) transport.carryCsrfToken(session.csrf_token);
      return session;
    },
    methods: () => transport.call<SignInMethods>('GET', '/api/v1/sessions/methods', { token: null }),
    /** Ends the session, and on the server everything made from it. */
    signOut: () => transport.call<void>('DELETE', '/api/v1/sessions/current'),
  };
}

export function setupCalls(transport: Transport) {
  return {
    state: () => transport.call<SetupState>('GET', '/api/v1/setup', { token: null }),
    /** Makes the first administrator and signs in as that person. */
    async firstAdministrator(bootstrapSecret: string, request: FirstAdministrator): Promise<Session> {
      const session = await transport.call<Session>('POST', '/api/v1/setup', {
        json: request,
        token: bootstrapSecret,
      });
      if (session.csrf_token !== undefined) transport.carryCsrfToken(session.csrf_token);
      return session;
    },
  };
}

export async function whoAmI(transport: Transport): Promise<z.infer<typeof Me>> {
  const me = await transport.call<Me>('GET', '/api/v1/me');
  if (typeof me.csrf_token === 'string') transport.carryCsrfToken(me.csrf_token);
  return me;
}
