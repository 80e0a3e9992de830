import { createHash } from 'node:crypto';
import type { Express, RequestHandler } from 'express';
import type { Endpoints, Handler } from './endpoint.ts';

export const QUEUES_PATH = '/queues';
const SIGN_IN = '/queues-sign-in';

type Deps = { endpoints: Endpoints; startSession: Handler; board: RequestHandler };

const SCRIPT = `
  document.forms[0].addEventListener('submit', async event => {
    event.preventDefault();
    const authorization = 'Bearer ' + new FormData(event.target).get('token').trim();
    const answer = await fetch('/v1/session', { method: 'POST', headers: { authorization } });
    if (answer.ok) location.assign('${QUEUES_PATH}');
    else document.querySelector('output').textContent = (await answer.json()).error.message;
  });`;
const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Parley: queues</title>
<form><label>Token of an admin <input name="token" type="password" autocomplete="off" required></label>
<button>Sign in</button> <output role="alert"></output></form>
<script>${SCRIPT}</script></html>`;
const PAGE_POLICY = `default-src 'none'; connect-src 'self'; script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'`;

/** The board would ask others for its fonts. */
const BOARD_POLICY = `default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'`;

/**
 * The engine's queues on the admin port, for admins: by bearer, or by the session cookie that the page under
 * `SIGN_IN` makes of a token, as `POST /v1/session` does. Others see nothing of them.
 */
export function mountQueues(app: Express, { endpoints, startSession, board }: Deps): void {
  const guarded: RequestHandler = (_request, response, next) => {
    response.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': BOARD_POLICY });
    next();
  };
  app.post('/v1/session', endpoints.signedIn(startSession));
  app.get(SIGN_IN, (_request, response) => {
    response.set('Content-Security-Policy', PAGE_POLICY).type('html').send(PAGE);
  });
  app.use(QUEUES_PATH, guarded, endpoints.admitting('admin', SIGN_IN), board);
}
