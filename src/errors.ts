/**
 * The one table of errors that clients can see (protocol.md, section 6).
 * Expected refusals are values made by `refuse`; what is unexpected is thrown and becomes `internal` at the edge.
 */

type Row = { status: number; retryable: boolean; message: string };

export const ERRORS = {
  bad_json: { status: 400, retryable: false, message: 'The frame or body is not a JSON object.' },
  unknown_type: { status: 400, retryable: false, message: 'There is no frame of this type.' },
  invalid_field: { status: 400, retryable: false, message: 'A field is missing, unknown or wrong.' },
  content_empty: { status: 400, retryable: false, message: 'A message needs some text.' },
  content_too_long: {
    status: 400,
    retryable: false,
    message: 'A message may have 4,000 characters at most.',
  },
  content_invalid: {
    status: 400,
    retryable: false,
    message: 'The text holds characters that cannot be stored.',
  },
  invalid_cursor: {
    status: 400,
    retryable: false,
    message: 'The cursor is not a message id, or there is more than one.',
  },
  invalid_limit: { status: 400, retryable: false, message: 'The limit is a number from 1 to 100.' },
  unauthenticated: {
    status: 401,
    retryable: false,
    message: 'Sign in first: a bearer token, a ticket or a session cookie.',
  },
  token_invalid: { status: 401, retryable: false, message: 'The token or ticket is not valid.' },
  token_expired: { status: 401, retryable: false, message: 'The token has expired.' },
  token_in_query: {
    status: 401,
    retryable: false,
    message: 'A token does not belong in a URL; ask for a ticket.',
  },
  ticket_used: { status: 401, retryable: false, message: 'The ticket has been used already.' },
  forbidden: { status: 403, retryable: false, message: 'You may not do this here.' },
  origin_denied: { status: 403, retryable: false, message: 'This origin is not on the allow-list.' },
  not_found: { status: 404, retryable: false, message: 'There is nothing here.' },
  not_joined: { status: 409, retryable: false, message: 'Join the room first.' },
  id_conflict: { status: 409, retryable: false, message: 'This clientId was used for another message.' },
  blocked: { status: 422, retryable: false, message: 'The room does not take this message.' },
  rate_limited: { status: 429, retryable: true, message: 'Too many messages; wait a moment.' },
  room_limit: { status: 429, retryable: false, message: 'Too many rooms on one connection.' },
  payload_too_large: { status: 413, retryable: false, message: 'The frame or body is too large.' },
  overloaded: { status: 503, retryable: true, message: 'The service is busy; try again soon.' },
  unavailable: {
    status: 503,
    retryable: true,
    message: 'A part that this needs is down; nothing was stored.',
  },
  internal: { status: 500, retryable: true, message: 'Something unexpected happened.' },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected refusal. `path` names the field at fault. */
export type Refusal = { refused: ErrorCode; path?: string; retryAfterMs?: number; message?: string };

/** Makes a refusal; `message` replaces the table's sentence where a better one is known. */
export function refuse(code: ErrorCode, details: Omit<Refusal, 'refused'> = {}): Refusal {
  return { refused: code, ...details };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}

/** The public form of a refusal: the fields shared by the HTTP body and the `error` frame. */
export function errorBody(refusal: Refusal) {
  const row: Row = ERRORS[refusal.refused];
  return {
    code: refusal.refused,
    message: refusal.message ?? row.message,
    retryable: row.retryable,
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    ...(refusal.path === undefined ? {} : { path: refusal.path }),
  };
}

/** Close codes beyond the protocol's own (protocol.md, section 5). */
export const CLOSE = {
  goingAway: 1001,
  unsupported: 1003,
  policy: 1008,
  tokenExpired: 4001,
  revoked: 4003,
  rateLimited: 4008,
  slowConsumer: 4013,
} as const;

/** A part that a call needs (Redis, Postgres) did not answer in time or refused; the edge says `unavailable`. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** An engine's payload is encrypted and cannot be opened; the message says why, and names the key. */
export class Unopenable extends Error {
  override name = 'Unopenable';
}
