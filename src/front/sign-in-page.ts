import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';

/**
 * A page of the admin port on which a browser trades an admin's token for the session cookie, and goes on to `to`.
 * Who that cookie does not admit there is led back here.
 */
export function createSignInPage({ title, to }: { title: string; to: string }): RequestHandler {
  const script = `
  document.forms[0].addEventListener('submit', async event => {
    event.preventDefault();
    const authorization = 'Bearer ' + new FormData(event.target).get('token').trim();
    const answer = await fetch('/v1/session', { method: 'POST', headers: { authorization } });
    if (answer.ok) location.assign('${to}');
    else document.querySelector('output').textContent = (await answer.json()).error.message;
  });`;
  const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${title}</title>
<form><label>Token of an admin <input name="token" type="password" autocomplete="off" required></label>
<button>Sign in</button> <output role="alert"></output></form>
<script>${script}</script></html>`;
  const digest = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; connect-src 'self'; script-src 'sha256-${digest}'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'`;
  return (_request, response) => {
    response.set('Content-Security-Policy', policy).type('html').send(page);
  };
}
