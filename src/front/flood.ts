/** Counts events in a sliding window; `hit` counts one and answers true when `limit` fell into the window. */
export function createFlood({ limit, windowMs }: { limit: number; windowMs: number }) {
  const times: number[] = [];
  return {
    hit(now = performance.now()): boolean {
      times.push(now);
      if (times.length > limit) times.shift();
      return times.length === limit && now - times[0]! <= windowMs;
    },
  };
}
