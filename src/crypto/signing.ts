import {
  createLocalJWKSet,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { Secret } from '../base/secret.ts';

/** RS256 (RFC 7518 section 3.3): the one algorithm every verifier of access tokens must know (RFC 9068 section 4). */
export const SIGNING_ALGORITHM = 'RS256';

export interface SigningKeyPair {
  readonly kid: string;
  readonly publicJwk: JWK;
  /** PKCS #8 PEM. */
  readonly privateKey: Secret;
}

export async function makeSigningKey(kid: string): Promise<SigningKeyPair> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { modulusLength: 2048, extractable: true });
  const publicJwk = { ...(await exportJWK(pair.publicKey)), kid, alg: SIGNING_ALGORITHM, use: 'sig' };
  return { kid, publicJwk, privateKey: new Secret(await exportPKCS8(pair.privateKey)) };
}

export type Signer = (claims: JWTPayload) => Promise<string>;

/** Imports the private key once; the returned function signs claims as a JWT with `kid` and the given `typ`. */
export async function createSigner(kid: string, privateKey: Secret, typ: string): Promise<Signer> {
  const key = await importPKCS8(privateKey.reveal(), SIGNING_ALGORITHM);
  return (claims) => new SignJWT(claims).setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ }).sign(key);
}

export type JwtCheck = (jwt: string, nowSeconds: number) => Promise<JWTPayload | null>;

/**
 * Checks signature, `typ`, `exp` and `nbf` (one minute of leeway), and that the issuer made it out to itself; null
 * for anything that does not hold.
 */
export function createJwtCheck(
  keys: JSONWebKeySet,
  { issuer, typ }: { issuer: string; typ: string },
): JwtCheck {
  const keySet = createLocalJWKSet(keys);
  return async (jwt, nowSeconds) => {
    try {
      const { payload } = await jwtVerify(jwt, keySet, {
        issuer,
        audience: issuer,
        typ,
        algorithms: [SIGNING_ALGORITHM],
        clockTolerance: 60,
        currentDate: new Date(nowSeconds * 1000),
      });
      return payload;
    } catch {
      return null;
    }
  };
}
