import type { Refusal } from '../errors.ts';
import { refuse } from '../errors.ts';
import { createBuckets, type Rate } from '../rooms/limiter-buckets.ts';
import { createFlood } from './flood.ts';

/** So many refusals by rate, so close together: the client does not listen. */
const ABUSE = { limit: 100, windowMs: 10_000 };

/** The limits of one connection: how fast its frames may come, and how long it may ignore being refused. */
export function createFrameLimits(rate: Rate) {
  const bucket = createBuckets(rate, 1);
  const abuse = createFlood(ABUSE);
  return {
    /** Takes a frame in, or says when there is room for it. */
    take(): Refusal | undefined {
      const waitMs = bucket.take('frames');
      return waitMs === 0
        ? undefined
        : refuse('rate_limited', {
            retryAfterMs: Math.ceil(waitMs),
            message: 'Too many frames; wait a moment.',
          });
    },
    /** Counts a refusal that was sent; true where it is the one too many. */
    isAbuse: ({ refused }: Refusal): boolean => refused === 'rate_limited' && abuse.hit(),
  };
}
export type FrameLimits = ReturnType<typeof createFrameLimits>;
