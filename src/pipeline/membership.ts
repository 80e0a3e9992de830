/**
 * Which worker reads which partition. Every worker keeps a lease in one sorted set; the partitions are dealt out
 * among the living by their order. While views differ two workers may read one partition: they start overlapping
 * batches, which the log's outcomes make harmless. A dead worker's partitions are taken over when its lease ends.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';

const KEY = 'parley:workers';
const LEASE_MS = 6_000;
const RENEW_MS = 2_000;

export type Membership = {
  /** The partitions of this worker, as of the last renewal; none while Redis is away. */
  owned(): ReadonlySet<number>;
  renew(): Promise<void>;
  /** Gives the lease up, so that others take over at once. */
  close(): Promise<void>;
};

type Deps = { redis: Redis; logger: Logger; workerId: string; partitions: number };

export function createMembership({ redis, logger, workerId, partitions }: Deps): Membership {
  let owned: ReadonlySet<number> = new Set();

  async function renew() {
    const replies = await redis
      .pipeline()
      .zadd(KEY, Date.now() + LEASE_MS, workerId)
      .zremrangebyscore(KEY, '-inf', String(Date.now()))
      .zrange(KEY, '0', '-1')
      .exec();
    const living = (replies![2]![1] as string[]).sort();
    const place = living.indexOf(workerId);
    const share = Array.from({ length: partitions }, (_, partition) => partition).filter(
      partition => partition % living.length === place,
    );
    if (share.length !== owned.size)
      logger.info({ workers: living.length, partitions: share.length }, 'partitions dealt');
    owned = new Set(share);
  }

  const timer = setInterval(() => {
    renew().catch(error => {
      logger.warn({ error }, 'the worker lease could not be renewed');
    });
  }, RENEW_MS);
  timer.unref();

  return {
    owned: () => owned,
    renew,
    async close() {
      clearInterval(timer);
      owned = new Set();
      await redis.zrem(KEY, workerId).catch(() => 0);
    },
  };
}
