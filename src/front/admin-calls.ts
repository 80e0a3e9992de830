import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { USER_PATTERN } from '../message.ts';
import type { Caller } from './auth.ts';
import { createBodyReader } from './body.ts';
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
  /** The newest audit's report, undefined where there is none. Throws Unavailable. */
  audited(): Promise<object | undefined>;
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
export function createAdminCalls({ endpoints, revocation, audited, startSession, board }: Deps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const readBody = createBodyReader();

  function notAdmin(caller: Caller): Refusal | undefined {
    if (caller.bearer === undefined) return refuse('unauthenticated');
    return caller.identity.roles.includes('admin') ? undefined : refuse('forbidden');
  }

  async function audit(_request: Request, _response: Response, caller: Caller): Promise<Answer | Refusal> {
    const refused = notAdmin(caller);
    if (refused) return refused;
    const report = await audited();
    return report === undefined ? refuse('not_found') : { body: report };
  }

  async function revoke(request: Request, response: Response, caller: Caller): Promise<Answer | Refusal> {
    const refused = notAdmin(caller);
    if (refused) return refused;
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
  app.get('/v1/admin/audit', endpoints.signedIn(audit));
  app.post('/v1/admin/revoke', endpoints.signedIn(revoke));
  if (board) mountQueues(app, { endpoints, startSession, board });
  app.use(endpoints.missing);
  app.use(endpoints.failed);
  return app;
}
