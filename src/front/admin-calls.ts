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
};

const SHAPES: Record<'user' | 'jti', Shape> = {
  user: { user: { check: matching(USER_PATTERN) } },
  jti: { jti: { check: being(isTokenId) } },
};

/**
 * The calls of the admin port that change something: by bearer, with the role `admin`.
 *
 * `POST /v1/admin/revoke {"user"}` takes back every token that the user was given until now, `{"jti"}` a single
 * one; answers `{revoked, at, until}`. Their sockets close with 4003 on every gateway within two seconds.
 */
export function createAdminCalls({ endpoints, revocation, startSession, board }: Deps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const readBody = createBodyReader();

  async function revoke(request: Request, response: Response, caller: Caller): Promise<Answer | Refusal> {
    if (caller.bearer === undefined) return refuse('unauthenticated');
    if (!caller.identity.roles.includes('admin')) return refuse('forbidden');
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
  app.post('/v1/admin/revoke', endpoints.signedIn(revoke));
  if (board) mountQueues(app, { endpoints, startSession, board });
  app.use(endpoints.missing);
  app.use(endpoints.failed);
  return app;
}
