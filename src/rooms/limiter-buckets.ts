/** `perSecond` tokens flow in, `burst` at most are held, one or more. */
export type Rate = { perSecond: number; burst: number };

/**
 * Token buckets of this process by key, the virtual-scheduling form of a bucket: one time a key. `max` keys are
 * kept; past it the key that was least recently asked for is forgotten, and so has a full bucket again.
 */
export function createBuckets({ perSecond, burst }: Rate, max: number) {
  const intervalMs = 1_000 / perSecond;
  const toleranceMs = (burst - 1) * intervalMs;
  /** When each bucket will be full, in the clock's milliseconds. */
  const full = new Map<string, number>();
  return {
    /** Takes a token: 0 where there was one, else the milliseconds until there is. */
    take(key: string, now = performance.now()): number {
      const at = Math.max(full.get(key) ?? now, now);
      const waitMs = at - toleranceMs - now;
      full.delete(key);
      full.set(key, waitMs > 0 ? at : at + intervalMs);
      if (full.size > max) full.delete(full.keys().next().value!);
      return Math.max(0, waitMs);
    },
    size: () => full.size,
  };
}
export type Buckets = ReturnType<typeof createBuckets>;
