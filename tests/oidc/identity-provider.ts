import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { freePort } from '../support/free-port.ts';

/** A real provider library on a real socket. It asks nobody anything: whoever comes is `who`. */
export interface IdentityProvider {
  readonly issuer: string;
  /** Subject and claims of whoever signs in next. */
  who: { sub: string; claims: Record<string, unknown> };
  /** Has the person say no. */
  denies: boolean;
  /** Answers in place of the library, to lie; null: no lie. */
  lie: ((path: string) => { status: number; body: unknown } | null) | null;
  /** An ID token by its own key, whatever it says. */
  sign(claims: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const CLIENT = { id: 'tessera', secret: 'the client secret of tessera, long enough' };

const SCOPES = {
  profile: ['preferred_username', 'name', 'groups', 'realm_access'],
  email: ['email', 'email_verified'],
};

export async function startIdentityProvider(
  redirectUris: string[],
  claimsInIdToken = false,
): Promise<IdentityProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'one' }] },
    cookies: { keys: ['a key for the cookies of the tests'] },
    claims: { openid: ['sub'], ...SCOPES },
    conformIdTokenClaims: !claimsInIdToken,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: {
      url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    ttl: {
      AuthorizationCode: 60,
      AccessToken: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
      Grant: 600,
    },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, ...self.who.claims }),
    }),
  });
  const library = provider.callback();
  let server: Server | null = null;

  const self: IdentityProvider = {
    issuer,
    who: { sub: 'sub-1', claims: { preferred_username: 'erika' } },
    denies: false,
    lie: null,
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey),
    async start() {
      server = createServer((request, response) => {
        const path = (request.url ?? '').split('?')[0] ?? '';
        const lie = self.lie?.(path) ?? null;
        if (lie !== null) {
          response.writeHead(lie.status, { 'content-type': 'application/json' });
          response.end(JSON.stringify(lie.body));
        } else if (path.startsWith('/interaction/')) {
          void interact(request, response);
        } else library(request, response);
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    },
    async stop() {
      server?.closeAllConnections();
      await new Promise<void>((resolve) => server?.close(() => resolve()) ?? resolve());
      server = null;
    },
  };

  async function interact(request: unknown, response: unknown): Promise<void> {
    await provider.interactionDetails(request, response);
    if (self.denies) {
      await provider.interactionFinished(request, response, { error: 'access_denied' });
      return;
    }
    const grant = new provider.Grant({ accountId: self.who.sub, clientId: CLIENT.id });
    grant.addOIDCScope('openid profile email');
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: self.who.sub }, consent: { grantId: await grant.save() } },
      { mergeWithLastSubmission: false },
    );
  }

  await self.start();
  return self;
}

/** A browser as far as sign-in needs one: cookies by host, redirects followed one at a time. */
export function browser() {
  const jars = new Map<string, Map<string, string>>();

  function cookiesFor(address: string): Map<string, string> {
    const { host } = new URL(address);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  }

  async function visit(address: string, accept = 'text/html'): Promise<Response> {
    const jar = cookiesFor(address);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { accept, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  return {
    visit,
    cookiesFor,
    /** Follows redirects until an address that `until` accepts, which is not visited. */
    async follow(from: string, until: (address: string) => boolean): Promise<string> {
      let address = from;
      for (let step = 0; step < 12; step++) {
        if (until(address)) return address;
        const response = await visit(address);
        const next = response.headers.get('location');
        if (next === null)
          throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
        address = new URL(next, address).href;
      }
      throw new Error(`too many redirects, last ${address}`);
    },
  };
}
