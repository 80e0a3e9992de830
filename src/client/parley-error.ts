import type { ErrorCode } from '../errors.ts';
import type { ErrorBody } from './protocol.ts';

/** Codes that the client itself gives, beside those of the service. */
export type LocalCode =
  /** No answer in time. The call may have been done all the same. */
  | 'timeout'
  /** The service cannot be reached, or the connection was lost before the answer. */
  | 'unreachable'
  /** The message was changed by somebody else while an edit's own end was not known. */
  | 'changed'
  /** The client, or the room, was closed. */
  | 'closed';

type Details = { retryable: boolean; retryAfterMs?: number | undefined; path?: string | undefined };

/**
 * Every failure of a call. `code` is one of the service's error codes or of the client's own; `path` names the
 * field at fault; `retryable` says that the same call may succeed later, `retryAfterMs` when.
 */
export class ParleyError extends Error {
  override name = 'ParleyError';
  readonly code: ErrorCode | LocalCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly path: string | undefined;

  constructor(code: ErrorCode | LocalCode, message: string, details: Details) {
    super(message);
    this.code = code;
    this.retryable = details.retryable;
    this.retryAfterMs = details.retryAfterMs;
    this.path = details.path;
  }
}

/** An error frame or an HTTP error body as a ParleyError. A code that is not known keeps its name. */
export function errorFrom(body: ErrorBody): ParleyError {
  return new ParleyError(body.code as ErrorCode, body.message, body);
}

export const timedOut = (what: string) =>
  new ParleyError('timeout', `${what} was not answered in time.`, { retryable: true });

export const unreachable = (message = 'The service cannot be reached.') =>
  new ParleyError('unreachable', message, { retryable: true });

export const closedError = (message = 'The client is closed.') =>
  new ParleyError('closed', message, { retryable: false });
