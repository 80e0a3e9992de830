import { stringifySetCookie } from 'cookie';
import type { Request } from 'express';
import { type Refusal, refuse } from '../errors.ts';
import { type Auth, SESSION_COOKIE, sessionOf } from './auth.ts';
import type { ClientAddress } from './client-address.ts';
import type { Answer, Handler, OpenHandler } from './endpoint.ts';

/** Browsers drop a cookie that is larger, without a word. */
const MAX_COOKIE_BYTES = 4_096;

type Deps = { auth: Auth; schemeOf: ClientAddress['schemeOf'] };

/** The session cookie: set from a bearer token, which it holds until the token's end, and cleared. */
export function createSession({ auth, schemeOf }: Deps): { start: Handler; end: OpenHandler } {
  function cookie(request: Request, value: string, maxAge: number): string {
    // A proxy that ends TLS shows by the Origin that the browser came over https.
    const secure = schemeOf(request) === 'https' || (request.headers.origin?.startsWith('https:') ?? false);
    return stringifySetCookie({
      name: SESSION_COOKIE,
      value,
      maxAge,
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
    });
  }

  return {
    /** `POST /v1/session` with a bearer: `{user, expiresAt}` and the cookie. */
    async start(request, _response, { identity, bearer }): Promise<Answer | Refusal> {
      if (bearer === undefined) return refuse('unauthenticated');
      const maxAge = Math.max(0, Math.floor((identity.expiresAt - Date.now()) / 1_000));
      const header = cookie(request, bearer, maxAge);
      if (header.length > MAX_COOKIE_BYTES) {
        return refuse('payload_too_large', { message: 'The token is too long for a cookie.' });
      }
      const body = { user: identity.user, expiresAt: new Date(identity.expiresAt).toISOString() };
      return { body, headers: { 'Set-Cookie': header } };
    },

    /** `DELETE /v1/session`: clears the cookie, whether its token is still good or not. */
    async end(request): Promise<Answer | Refusal> {
      const refused = auth.refusedOutright(request);
      if (refused) return refused;
      if (sessionOf(request) !== undefined && request.headers.origin === undefined) {
        return refuse('origin_denied');
      }
      return { status: 204, headers: { 'Set-Cookie': cookie(request, '', 0) } };
    },
  };
}
