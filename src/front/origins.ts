import type { IncomingMessage } from 'node:http';
import type { ClientAddress } from './client-address.ts';

type Options = { allowed: string[]; schemeOf: ClientAddress['schemeOf'] };
export type Origins = ReturnType<typeof createOrigins>;

/**
 * The allow-list of origins. A request's own origin is the scheme that the client spoke and the Host header.
 * `null` (sandboxed frames, files) is never allowed.
 */
export function createOrigins({ allowed, schemeOf }: Options) {
  const list = new Set(allowed.map(normal).filter(origin => origin !== undefined));
  const listed = (origin: string) => {
    const normalised = normal(origin);
    return normalised !== undefined && list.has(normalised);
  };
  return {
    /** On ALLOWED_ORIGINS; what cross-origin answers are given to. */
    listed,
    /** True where a request that carries this origin may go on. */
    allows(request: IncomingMessage, origin: string): boolean {
      const { host } = request.headers;
      const own = host === undefined ? undefined : normal(`${schemeOf(request)}://${host}`);
      return (own !== undefined && normal(origin) === own) || listed(origin);
    },
  };
}

function normal(origin: string): string | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return url === undefined || url.origin === 'null' ? undefined : url.origin;
}
