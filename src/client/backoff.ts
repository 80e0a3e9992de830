/** Exponential backoff with full jitter: many clients that lost one server do not come back as one. */
export type Backoff = {
  /** The next delay in ms: `floorMs` plus a random part of min(cap, base × 2^attempt). */
  next(floorMs?: number): number;
  reset(): void;
};

type Options = { random: () => number; baseMs?: number; capMs?: number };

export function createBackoff({ random, baseMs = 250, capMs = 15_000 }: Options): Backoff {
  let attempt = 0;
  return {
    next(floorMs = 0) {
      const ceiling = Math.min(capMs, baseMs * 2 ** attempt);
      if (ceiling < capMs) attempt += 1;
      return floorMs + Math.round(random() * ceiling);
    },
    reset() {
      attempt = 0;
    },
  };
}
