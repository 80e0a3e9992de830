/** Builds purging and erasing: for a worker, and for the commands. */
import type { Config } from '../config.ts';
import { lookAtEngine } from '../engine.ts';
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { MAX_WINDOW_SECONDS } from '../moderation/policy/parse.ts';
import type { LookedAt } from '../pipeline/engine.ts';
import { createErase } from '../retention/erase.ts';
import { createPurge } from '../retention/purge.ts';
import { createTell } from '../retention/tell.ts';
import { createAccountLog } from '../rooms/account.ts';
import { rewriteAppendOnly } from '../rooms/append-only.ts';
import { createExpunge } from '../rooms/expunge.ts';
import { createErasureStore } from '../store/erasures.ts';
import { migrate } from '../store/migrate.ts';
import { createRetentionStore } from '../store/retention.ts';
import { createUntoldStore } from '../store/untold.ts';
import { createShared, type Overrides, type Shared, START_TIMEOUT_MS } from './shared.ts';

type Parts = Pick<Shared, 'redis' | 'scripts' | 'pool' | 'log'> & {
  config: Config;
  engine: Pick<LookedAt, 'kept'>;
  logger: Logger;
  metrics?: Pick<WorkerMetrics, 'wiped'>;
};
export type Retention = ReturnType<typeof createRetention>;

/** `purgeExpired` is for schedules too: it may be called at any time, and repeated. */
export function createRetention({ config, redis, scripts, pool, log, engine, logger, metrics }: Parts) {
  const untold = createUntoldStore(pool);
  const expunge = createExpunge({ log, scripts, redis });
  const tell = createTell({ untold, expunge });
  const erasures = createErasureStore(pool);
  const purgeExpired = createPurge({
    store: createRetentionStore(pool),
    untold,
    tell,
    onPurged: count => metrics?.wiped.inc({ reason: 'expired' }, count),
  });
  const erase = createErase({
    store: erasures,
    untold,
    tell,
    expunge,
    log: createAccountLog({ redis, scripts, partitions: config.log.partitions }),
    engine,
    rewrite: () => rewriteAppendOnly(redis),
    windows: { dedupWindowMs: config.log.dedupWindowMs, longestWindowMs: MAX_WINDOW_SECONDS * 1_000 },
    logger,
    onErased: count => metrics?.wiped.inc({ reason: 'erased' }, count),
  });
  return { purgeExpired, erase, erasures, tell };
}

/** The same from outside, beside whatever runs. Throws where a part does not answer within 20 s. */
export async function openRetention(config: Config, part: string, overrides: Overrides = {}) {
  const shared = await createShared(config, part, overrides);
  const { logger, closers, pool } = shared;
  try {
    await migrate(pool);
    const engine = await lookAtEngine({ config, logger, timeoutMs: START_TIMEOUT_MS });
    closers.add('engine', engine, made => made.close());
    return { ...createRetention({ ...shared, config, engine }), close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}
