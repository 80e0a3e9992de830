import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { USER_PATTERN } from '../message.ts';
import { createDeadLetterCalls, type DeadLetters } from './admin-dead-letters.ts';
import { createErasureCalls, type Erasures } from './admin-erasures.ts';
import type { Caller } from './auth.ts';
import { createBodyReader } from './body.ts';
import { type CodecDeps, mountCodec } from './codec-calls.ts';
import type { Answer, Endpoints, Handler } from './endpoint.ts';
import { being, checkShape, matching, type Shape } from './fields.ts';
import { isTokenId } from './identity.ts';
import { mountQueues } from './queues.ts';
import type { Revocation, Revoked } from './revocation.ts';

type Deps = {
  endpoints: Endpoints;
  revocation: Pick<Revocation, 'revoke'>;
  startSession: Handler;
  /** What shows the engine's queues, where it has any. */
  board?: RequestHandler | undefined;
  /** What opens the engine's payloads for its UI, where they are encrypted. */
  codec?: CodecDeps | undefined;
  /** The newest audit's report, undefined where there is none. Throws Unavailable. */
  audited(): Promise<object | undefined>;
  deadLetters: DeadLetters;
  erasures: Erasures & { recordMs: number };
  /** For a read of the store. */
  timeoutMs: number;
  logger: Logger;
};

const SHAPES: Record<'user' | 'jti', Shape> = {
  user: { user: { check: matching(USER_PATTERN) } },
  jti: { jti: { check: being(isTokenId) } },
};

/**
 * The calls of the admin port: by bearer, with the role `admin`.
 *
 * `POST /v1/admin/revoke {"user"}` takes back every token that the user was given until now, `{"jti"}` a single
 * one; answers `{revoked, at, until}`. Their sockets close with 4003 on every gateway within two seconds.
 *
 * `GET /v1/admin/audit` answers the report of the newest audit, which a worker or an operator made; `at` says when.
 */
export function createAdminCalls(deps: Deps): Express {
  const { endpoints, revocation, audited, startSession, board, codec } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const readBody = createBodyReader();
  const letters = createDeadLetterCalls({ ...deps.deadLetters, ...deps, readBody });
  const erasures = createErasureCalls({ ...deps.erasures, ...deps, readBody });

  /** A call for admins, by bearer: a cookie does not do. */
  const admins = (
    handler: (request: Request, response: Response, caller: Caller) => Promise<Answer | Refusal>,
  ) =>
    endpoints.signedIn(async (request: Request, response: Response, caller: Caller) => {
      if (caller.bearer === undefined) return refuse('unauthenticated');
      if (!caller.identity.roles.includes('admin')) return refuse('forbidden');
      return await handler(request, response, caller);
    });

  async function audit(): Promise<Answer | Refusal> {
    const report = await audited();
    return report === undefined ? refuse('not_found') : { body: report };
  }

  async function revoke(request: Request, response: Response): Promise<Answer | Refusal> {
    const body = await readBody(request, response);
    if (isRefusal(body)) return body;
    const wrong = checkShape(body, SHAPES[Object.hasOwn(body, 'jti') ? 'jti' : 'user']);
    if (wrong) return wrong;
    const revoked = body as Revoked;
    const done = await revocation.revoke(revoked);
    if (isRefusal(done)) return done;
    const [at, until] = [done.at, done.until].map(time => new Date(time).toISOString());
    return { body: { revoked, at, until } };
  }

  app.use(endpoints.stamp);
  app.get('/v1/admin/audit', admins(audit));
  app.post('/v1/admin/revoke', admins(revoke));
  app.get('/v1/admin/dead-letters', admins(letters.list));
  app.post('/v1/admin/dead-letters/redrive', admins(letters.redrive));
  app.post('/v1/admin/erase', admins(erasures.record));
  app.get('/v1/admin/erasures/:id', admins(erasures.find));
  app.get('/v1/admin/purges', admins(erasures.purges));
  if (board || codec) app.post('/v1/session', endpoints.signedIn(startSession));
  if (board) mountQueues(app, { endpoints, board });
  if (codec) mountCodec(app, { ...codec, admins: endpoints });
  app.use(endpoints.missing);
  app.use(endpoints.failed);
  return app;
}
