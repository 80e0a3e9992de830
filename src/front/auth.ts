/**
 * Settles who asks, for upgrades and for HTTP calls alike. The order of checks: a token in the query, the
 * Origin, then the first credential given of bearer, ticket (upgrades alone) and cookie. A credential that is
 * given and wrong is refused; the next one is not tried.
 */
import type { IncomingMessage } from 'node:http';
import { parseCookie } from 'cookie';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Identity } from './identity.ts';
import type { Origins } from './origins.ts';
import type { Tickets } from './tickets.ts';
import type { VerifyToken } from './token.ts';

export const SESSION_COOKIE = 'parley_session';

type Deps = { verify: VerifyToken; tickets: Tickets; origins: Origins };
/** `bearer` is given where the caller came with one: a session is made of it. */
export type Caller = { identity: Identity; bearer?: string };
export type Auth = ReturnType<typeof createAuth>;

/** Query names that carry tokens elsewhere; and whatever its name, a value that looks like a JWT. */
const TOKEN_NAMES =
  /^(access|id|auth|bearer|session|api)?[_-]?(token|jwt)$|^(jwt|bearer|auth|authorization|api[_-]?key)$/i;
const JWT_LIKE = /^(bearer\s+)?eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/i;
const READING = new Set(['GET', 'HEAD']);

export function createAuth({ verify, tickets, origins }: Deps) {
  /** What can be refused without knowing who asks. */
  function refusedOutright(request: IncomingMessage): Refusal | undefined {
    if (hasToken(queryOf(request))) return refuse('token_in_query');
    const { origin } = request.headers;
    if (origin !== undefined && !origins.allows(request, origin)) return refuse('origin_denied');
    return undefined;
  }

  async function byToken(token: string, bearer: boolean): Promise<Caller | Refusal> {
    const identity = await verify(token);
    if (isRefusal(identity)) return identity;
    return { identity, ...(bearer ? { bearer: token } : {}) };
  }

  return {
    refusedOutright,

    /** Who opens a socket. Throws Unavailable. */
    async ofUpgrade(request: IncomingMessage): Promise<Caller | Refusal> {
      const refused = refusedOutright(request);
      if (refused) return refused;
      const bearer = bearerOf(request);
      if (bearer !== undefined) return isRefusal(bearer) ? bearer : byToken(bearer, true);
      const given = queryOf(request).getAll('ticket');
      if (given.length > 1) return refuse('token_invalid');
      if (given[0] !== undefined) {
        const identity = await tickets.redeem(given[0], request.headers.origin);
        return isRefusal(identity) ? identity : { identity };
      }
      const session = sessionOf(request);
      return session === undefined ? refuse('unauthenticated') : byToken(session, false);
    },

    /** Who calls over HTTP. A cookie alone changes nothing without a matching Origin. Throws Unavailable. */
    async ofCall(request: IncomingMessage): Promise<Caller | Refusal> {
      const refused = refusedOutright(request);
      if (refused) return refused;
      const bearer = bearerOf(request);
      if (bearer !== undefined) return isRefusal(bearer) ? bearer : byToken(bearer, true);
      const session = sessionOf(request);
      if (session === undefined) return refuse('unauthenticated');
      const changes = !READING.has(request.method ?? '');
      if (changes && request.headers.origin === undefined) return refuse('origin_denied');
      return byToken(session, false);
    },
  };
}

/** The query of a request; lenient where it is malformed. */
export function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

/** The session cookie's value, where one was sent. */
export function sessionOf(request: IncomingMessage): string | undefined {
  return parseCookie(request.headers.cookie ?? '')[SESSION_COOKIE] || undefined;
}

function hasToken(query: URLSearchParams): boolean {
  for (const [name, value] of query) if (TOKEN_NAMES.test(name) || JWT_LIKE.test(value)) return true;
  return false;
}

function bearerOf(request: IncomingMessage): string | Refusal | undefined {
  const header = request.headers.authorization;
  if (header === undefined || header === '') return undefined;
  return /^bearer +([^\s]+)$/i.exec(header)?.[1] ?? refuse('token_invalid');
}
