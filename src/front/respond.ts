/** How a refusal looks over HTTP, for calls and for upgrades that are answered before the 101. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ERRORS, errorBody, type Refusal } from '../errors.ts';

const ids = new WeakMap<IncomingMessage, string>();
const ID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;

/** The request's id: its X-Request-Id where that is usable, else a new one; the same one each time. */
export function requestIdOf(request: IncomingMessage): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && ID_PATTERN.test(given) ? given : randomUUID();
  ids.set(request, id);
  return id;
}

export type RefusalAnswer = { status: number; headers: Record<string, string>; body: string };

/** The status, headers and JSON body of a refusal. */
export function refusalAnswer(refusal: Refusal, requestId: string): RefusalAnswer {
  const { status } = ERRORS[refusal.refused];
  const { retryAfterMs } = refusal;
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Request-Id': requestId,
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
      ...(retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) }),
    },
    body: JSON.stringify({ error: { ...errorBody(refusal), requestId } }),
  };
}
