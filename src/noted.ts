/** What is logged of an error. */
export type Noted = { name: string; message: string; code?: string; stack?: string; cause?: Noted };

/**
 * An error as it may be logged: its name, message, code and stack. Errors of Redis and Postgres carry the whole
 * command or the row besides, and with it message text and names; these stay out.
 */
export function noted(error: unknown): Noted {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: noted(cause) }),
  };
}
