import type { RequestHandler } from 'express';
import type { Origins } from './origins.ts';

const METHODS = 'GET, POST, PUT, DELETE';
const HEADERS = 'Authorization, Content-Type, X-Request-Id';

/**
 * Lets pages of these origins call from a browser; each is named, never `*`. Others get their
 * answers without these headers, so that their browser keeps them to itself.
 */
export function createCors(origins: Origins, headers = HEADERS): RequestHandler {
  const allowed = {
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': headers,
    'Access-Control-Max-Age': '600',
  };
  return (request, response, next) => {
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.listed(origin)) return next();
    response.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After',
    });
    const preflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (preflight) response.status(204).set(allowed).end();
    else next();
  };
}
