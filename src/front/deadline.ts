/** What a call has not answered in time is told as. */
export const TOO_LATE = Symbol('too late');

/** The call's answer, or TOO_LATE after `ms`; a failure that comes later than that is of no interest any more. */
export async function within<T>(ms: number, call: Promise<T>): Promise<T | typeof TOO_LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof TOO_LATE>(resolve => {
    timer = setTimeout(() => resolve(TOO_LATE), Math.max(0, ms));
  });
  call.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
