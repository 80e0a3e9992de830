/** What all HTTP calls have in common: an id, a log line, who calls, and how answers and refusals are written. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { isRefusal, type Refusal, refuse, Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Auth, Caller } from './auth.ts';
import { statusOf } from './body.ts';
import { refusalAnswer, requestIdOf } from './respond.ts';

/** 200 and no body where nothing else is said. */
export type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };
export type Handler = (request: Request, response: Response, caller: Caller) => Promise<Answer | Refusal>;
export type OpenHandler = (request: Request, response: Response) => Promise<Answer | Refusal>;
type Deps = { auth: Auth; metrics: GatewayMetrics; logger: Logger };
export type Endpoints = ReturnType<typeof createEndpoints>;

export function createEndpoints({ auth, metrics, logger }: Deps) {
  function write(request: Request, response: Response, answer: Answer | Refusal) {
    if (!isRefusal(answer)) {
      response.status(answer.status ?? 200).set(answer.headers ?? {});
      if (answer.body === undefined) response.end();
      else response.json(answer.body);
      return;
    }
    metrics.refusals.inc({ code: answer.refused, via: 'http' });
    const { status, headers, body } = refusalAnswer(answer, requestIdOf(request));
    response.status(status).set(headers).send(body);
  }

  /** The id of every request, and one line and one measure at its end. */
  const stamp: RequestHandler = (request, response, next) => {
    const requestId = requestIdOf(request);
    const startedAt = performance.now();
    response.set({ 'X-Request-Id': requestId, 'Cache-Control': 'no-store' });
    response.once('close', () => {
      const ms = performance.now() - startedAt;
      const status = response.writableFinished ? response.statusCode : 499;
      const route = routeOf(request);
      metrics.http.observe({ route, status: String(status) }, ms / 1_000);
      const user: unknown = response.locals.user;
      logger.debug({ requestId, method: request.method, route, status, ms: Math.round(ms), user }, 'request');
    });
    next();
  };

  const failed: ErrorRequestHandler = (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof URIError) {
      return write(request, response, refuse('invalid_field', { path: undecodable(request.path) }));
    }
    if (error instanceof Unavailable) return write(request, response, refuse('unavailable'));
    if (statusOf(error) < 500) return write(request, response, refuse('not_found'));
    logger.error({ requestId: requestIdOf(request), route: routeOf(request), error }, 'a call failed');
    write(request, response, refuse('internal'));
  };

  return {
    stamp,
    failed,
    missing: ((request, response) => write(request, response, refuse('not_found'))) satisfies RequestHandler,

    /** A call that needs no sign-in. */
    open:
      (handler: OpenHandler): RequestHandler =>
      async (request, response) =>
        write(request, response, await handler(request, response)),

    /** A call by bearer or cookie. */
    signedIn:
      (handler: Handler): RequestHandler =>
      async (request, response) => {
        const caller = await auth.ofCall(request);
        if (isRefusal(caller)) return write(request, response, caller);
        response.locals.user = caller.identity.user;
        write(request, response, await handler(request, response, caller));
      },

    /** Lets a request on unless there is a reason against it. */
    unless:
      (refusalFor: (request: Request) => Refusal | undefined): RequestHandler =>
      (request, response, next) => {
        const refusal = refusalFor(request);
        if (refusal === undefined) next();
        else write(request, response, refusal);
      },

    /** Lets only callers with the role on; a browser that shows a page is led to where one signs in. */
    admitting:
      (role: string, signIn: string): RequestHandler =>
      async (request, response, next) => {
        const caller = await auth.ofCall(request);
        if (!isRefusal(caller) && caller.identity.roles.includes(role)) return next();
        if (request.method === 'GET' && request.headers['sec-fetch-dest'] === 'document')
          return response.redirect(303, signIn);
        write(request, response, isRefusal(caller) ? caller : refuse('forbidden'));
      },
  };
}

/** The pattern that a request matched: never its path, which holds names. */
function routeOf(request: Request): string {
  const route: unknown = request.route;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof path === 'string' ? path : 'unmatched';
}

/** Which part of a path cannot be decoded: `/v1/rooms/:room/messages/:id`. */
function undecodable(path: string): string {
  try {
    decodeURIComponent(path.split('/')[3] ?? '');
    return 'id';
  } catch {
    return 'room';
  }
}
