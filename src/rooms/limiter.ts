/**
 * How fast a user may send, over all gateways: one token bucket a user in Redis. While it is more than half full, a
 * gateway that is asked takes a few tokens more into a stock of its own, and fills it beside the sends, so that an
 * ordinary send waits for no answer. What is not used within `STOCK_MS` is lost to the user, whose bucket was half
 * full then at least. While Redis does not answer, a bucket of this process with half the rate holds; Redis is
 * asked again a second later.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { roomKeys } from './keys.ts';
import { createBuckets, type Rate } from './limiter-buckets.ts';
import { createStock } from './limiter-stock.ts';
import type { Scripts } from './scripts.ts';

type Deps = { redis: Redis; scripts: Scripts; rate: Rate; partitions: number; logger: Logger };
export type Limiter = {
  /** Takes a token of the user's bucket: 0, or the milliseconds until there is one. Never throws. */
  take(user: string): Promise<number>;
  /** True where the room's log knows this clientId, so that a repeat is answered and not refused. Never throws. */
  knows(room: string, user: string, clientId: string): Promise<boolean>;
};

/** Long enough for a burst of sends to queue in a busy Redis, and shorter than what the append itself waits. */
const TIMEOUT_MS = 1_000;
const AWAY_MS = 1_000;
/** Users whose local buckets and stocks are kept. */
const MAX_LOCAL = 10_000;
const STOCK = 5;
const STOCK_MS = 5_000;

export function createLimiter({ redis, scripts, rate, partitions, logger }: Deps): Limiter {
  const local = createBuckets(halfOf(rate), MAX_LOCAL);
  const stock = createStock({ lifeMs: STOCK_MS, max: MAX_LOCAL });
  let awayUntil = 0;

  async function ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    if (redis.status !== 'ready' || performance.now() < awayUntil) return undefined;
    try {
      return await within(call(), TIMEOUT_MS);
    } catch (error) {
      logger.debug({ error }, 'the shared limits cannot be asked: local ones hold');
      awayUntil = performance.now() + AWAY_MS;
      return undefined;
    }
  }

  /** Asks the shared bucket for `need` tokens, none or one, and a new stock; undefined where it cannot be asked. */
  async function askShared(user: string, need: 0 | 1): Promise<number | undefined> {
    const args = [1_000 / rate.perSecond, rate.burst, need, STOCK];
    const reply = await ask(() => scripts.run('limit', [`parley:limit:{${user}}:send`], args));
    if (reply === undefined) return undefined;
    const [waitMs, spare] = reply as [number, number];
    stock.add(user, spare);
    return waitMs;
  }

  return {
    async take(user) {
      if (stock.take(user)) {
        if (stock.isEmpty(user)) void askShared(user, 0);
        return 0;
      }
      const waitMs = await askShared(user, 1);
      if (waitMs === undefined) return local.take(user);
      // Another send of the same moment may have brought more than it used.
      return waitMs > 0 && stock.take(user) ? 0 : waitMs;
    },
    async knows(room, user, clientId) {
      const { dedup } = roomKeys(room, partitions);
      return (await ask(() => redis.exists(dedup(user, clientId)))) === 1;
    },
  };
}

/** One token at least, so that half of a burst of one is not nothing. */
const halfOf = ({ perSecond, burst }: Rate): Rate => ({
  perSecond: perSecond / 2,
  burst: Math.max(1, Math.floor(burst / 2)),
});

function within<T>(call: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`no answer within ${timeoutMs} ms`));
    // After a loop that was late itself the answer may wait in the socket: it is read before `fail`.
    timer = setTimeout(() => setImmediate(fail), timeoutMs);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}
