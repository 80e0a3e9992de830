import { webcrypto } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { AuthConfig } from '../config.ts';
import { type Refusal, refuse, Unavailable } from '../errors.ts';
import { type Identity, identityOf } from './identity.ts';

const JWKS_TIMEOUT_MS = 3_000;
const ASYMMETRIC = ['RS256', 'ES256', 'EdDSA'];

/** Answers the identity of a bearer token, or why it is refused. Throws Unavailable where the key set cannot be had. */
export type VerifyToken = (token: string) => Promise<Identity | Refusal>;

/**
 * Verifies tokens with AUTH_SECRET (HS256) and with the keys of AUTH_JWKS_URL (RS256, ES256, EdDSA), whichever
 * is configured. Which of them is asked follows from the header's algorithm, and each is given its own
 * algorithms alone: a public key can never be taken for a secret.
 */
export function createTokenVerifier(config: AuthConfig): VerifyToken {
  const secret = config.secret === undefined ? undefined : hmacKey(config.secret);
  const keySet =
    config.jwksUrl === undefined
      ? undefined
      : createRemoteJWKSet(new URL(config.jwksUrl), {
          timeoutDuration: JWKS_TIMEOUT_MS,
          cooldownDuration: config.jwksCooldownMs,
          cacheMaxAge: config.jwksMaxAgeMs,
        });
  const expected = {
    requiredClaims: ['sub', 'exp'],
    ...(config.issuer === undefined ? {} : { issuer: config.issuer }),
    ...(config.audience === undefined ? {} : { audience: config.audience }),
  };

  async function claimsOf(token: string): Promise<JWTPayload | undefined> {
    const { alg } = decodeProtectedHeader(token);
    if (secret !== undefined && alg === 'HS256') {
      return (await jwtVerify(token, await secret, { ...expected, algorithms: ['HS256'] })).payload;
    }
    if (keySet !== undefined && alg !== undefined && ASYMMETRIC.includes(alg)) {
      return (await jwtVerify(token, keySet, { ...expected, algorithms: ASYMMETRIC })).payload;
    }
    return undefined;
  }

  return async token => {
    try {
      const claims = await claimsOf(token);
      return (claims && identityOf(claims)) ?? refuse('token_invalid');
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refuse('token_expired');
      if (isKeySetFailure(error)) throw new Unavailable('the key set cannot be had', { cause: error });
      return refuse('token_invalid');
    }
  };
}

/** A fetch that failed is no fault of the token: a plain JOSEError or TypeError, a timeout, or a set that is none. */
function isKeySetFailure(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return !isMalformed(error);
  return ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code);
}

/** `decodeProtectedHeader` says so of what is no token at all. */
function isMalformed(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith('Invalid Token');
}

/** Imported once, and not by jose for every token. */
const hmacKey = (secret: string) =>
  webcrypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );

export type TokenRequest = {
  user: string;
  name?: string;
  roles?: string[];
  rooms?: string[];
  ttlSeconds: number;
};

/** Signs a token with AUTH_SECRET. For development alone: see dev-token.ts. */
export function signToken(config: AuthConfig & { secret: string }, request: TokenRequest): Promise<string> {
  const { user, ttlSeconds, ...claims } = request;
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1_000) + ttlSeconds);
  if (config.issuer !== undefined) token.setIssuer(config.issuer);
  if (config.audience !== undefined) token.setAudience(config.audience);
  return token.sign(new TextEncoder().encode(config.secret));
}
