/** How long to wait before a process that died is started again. */
export const BACKOFF = { firstMs: 200, maxMs: 10_000, resetAfterMs: 30_000 };

/** Answers the next wait: twice the last one up to a maximum, the first again after a life that was long enough. */
export function createBackoff({ firstMs, maxMs, resetAfterMs } = BACKOFF) {
  let nextMs = firstMs;
  return (lastedMs: number): number => {
    const waitMs = lastedMs >= resetAfterMs ? firstMs : nextMs;
    nextMs = Math.min(waitMs * 2, maxMs);
    return waitMs;
  };
}
