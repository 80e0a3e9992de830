/** The HTTP calls of the client. Each has a timeout, and every failure is a ParleyError. */
import { errorFrom, ParleyError, timedOut, unreachable } from './parley-error.ts';
import type { Digest, ErrorBody, HistoryPage, RoomSummary } from './protocol.ts';

/**
 * Gives the bearer token. `refresh` is true when the last one was refused, has expired or was revoked: then a
 * new one is wanted.
 */
export type TokenSource = (want: { refresh: boolean }) => Promise<string> | string;

export type Http = ReturnType<typeof createHttp>;

/**
 * One call of a path, with its values as JSON; a refused token is renewed once. Resolves with the body, undefined
 * where there is none. Rejects with a ParleyError.
 */
export type Call = <T>(method: string, path: string, body?: object) => Promise<T>;

type Deps = {
  url: string;
  /** Absent: the browser's session cookie carries the identity. */
  token: TokenSource | undefined;
  fetch: typeof fetch;
  timeoutMs: number;
};

export function createHttp({ url, token, fetch, timeoutMs }: Deps) {
  let bearer: string | undefined;

  async function renewToken(refresh: boolean) {
    if (token === undefined) return;
    try {
      bearer = await token({ refresh });
    } catch (error) {
      throw error instanceof ParleyError ? error : unreachable(`No token was given: ${String(error)}`);
    }
  }

  async function once<T>(method: string, path: string, given?: object): Promise<T> {
    const headers: Record<string, string> = {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(given === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const json = given === undefined ? {} : { body: JSON.stringify(given) };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(new URL(path, url), { method, headers, signal, ...json });
      const body: unknown = response.status === 204 ? undefined : await response.json();
      if (response.ok) return body as T;
      throw refusalOf(response.status, body);
    } catch (error) {
      if (error instanceof ParleyError) throw error;
      throw error instanceof Error && error.name === 'TimeoutError' ? timedOut('The call') : unreachable();
    }
  }

  const call: Call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    if (bearer === undefined) await renewToken(false);
    try {
      return await once<T>(method, path, body);
    } catch (error) {
      if (!isTokenRefusal(error) || token === undefined) throw error;
      await renewToken(true);
      return await once<T>(method, path, body);
    }
  };

  return {
    call,
    /** A ticket for one socket, or undefined where a cookie does. */
    async ticket(refresh: boolean): Promise<string | undefined> {
      if (token === undefined) return undefined;
      await renewToken(refresh);
      const { ticket } = await call<{ ticket: string }>('POST', '/v1/tickets');
      return ticket;
    },
    /** Asks for a new bearer token, for a socket whose token is about to end. */
    async freshToken(): Promise<string | undefined> {
      await renewToken(true);
      return bearer;
    },
    history: (room: string, page: { before?: number; limit: number }) =>
      call<HistoryPage>('GET', `/v1/rooms/${encodeURIComponent(room)}/messages${query(page)}`),
    rooms: (page: { after?: string; limit?: number }) =>
      call<{ rooms: RoomSummary[]; hasMore: boolean }>('GET', `/v1/rooms${query(page)}`),
    digests: (room: string, page: { day?: string; days: number }) =>
      call<{ digests: Digest[] }>('GET', `/v1/rooms/${encodeURIComponent(room)}/digest${query(page)}`),
  };
}

/** True where another token may help. */
export function isTokenRefusal(error: unknown): boolean {
  return (
    error instanceof ParleyError &&
    (error.code === 'unauthenticated' || error.code === 'token_invalid' || error.code === 'token_expired')
  );
}

/** The values as a query with its question mark; nothing where none is given. */
export function query(values: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size === 0 ? '' : `?${given}`;
}

/** An error body, or what a proxy in between answered instead. */
function refusalOf(status: number, body: unknown): ParleyError {
  const { error } = (body ?? {}) as { error?: ErrorBody };
  if (typeof error?.code === 'string') return errorFrom(error);
  return new ParleyError('unavailable', `The service answered with status ${status}.`, {
    retryable: status >= 500 || status === 429,
  });
}
