/**
 * Runs at most `max` jobs at a time; `maxWaiting` more wait in their order. A job beyond these is not run, and
 * undefined is its result.
 */
export function createSlots(max: number, maxWaiting: number) {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async <T>(job: () => Promise<T>): Promise<T | undefined> => {
    if (busy < max) busy += 1;
    else if (waiting.length >= maxWaiting) return undefined;
    // Whoever ends hands the slot on.
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
}
