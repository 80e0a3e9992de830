import type { Express, RequestHandler } from 'express';
import type { Endpoints } from './endpoint.ts';
import { createSignInPage } from './sign-in-page.ts';

export const QUEUES_PATH = '/queues';
const SIGN_IN = '/queues-sign-in';

type Deps = { endpoints: Endpoints; board: RequestHandler };

/** The board would ask others for its fonts. */
const BOARD_POLICY = `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'`;

/**
 * The engine's queues on the admin port, for admins: by bearer, or by the session cookie that the page under
 * `SIGN_IN` makes of a token, as `POST /v1/session` does. Others see nothing of them.
 */
export function mountQueues(app: Express, { endpoints, board }: Deps): void {
  const guarded: RequestHandler = (_request, response, next) => {
    response.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': BOARD_POLICY });
    next();
  };
  app.get(SIGN_IN, createSignInPage({ title: 'Parley: queues', to: QUEUES_PATH }));
  app.use(QUEUES_PATH, guarded, endpoints.admitting('admin', SIGN_IN), board);
}
