/** What gateways and workers share, and the overrides that are the only seam for tests. */
import type { Steps } from '../../workflows/steps.ts';
import { type Config, required } from '../config.ts';
import { createLogger, type Logger } from '../logger.ts';
import type { Tasks } from '../pipeline/schedules.ts';
import type { Outcomes } from '../rooms/outcomes.ts';
import { createPartitions } from '../rooms/partitions.ts';
import { connectRedis, whenReady } from '../rooms/redis.ts';
import type { Revisions } from '../rooms/revisions.ts';
import { createRoomLog } from '../rooms/room-log.ts';
import { createScripts } from '../rooms/scripts.ts';
import { createEpochStore } from '../store/epochs.ts';
import { createMessageStore, type MessageStore } from '../store/messages.ts';
import { createPool } from '../store/pool.ts';
import type { ReprocessStore } from '../store/reprocess.ts';

export type Overrides = {
  logger?: Logger;
  /** Stand before what the steps use, and before the steps. */
  outcomes?: (real: Outcomes) => Outcomes;
  store?: (real: MessageStore) => MessageStore;
  steps?: (real: Steps) => Steps;
  /** The same for what runs over history use. */
  revisions?: (real: Revisions) => Revisions;
  runs?: (real: ReprocessStore) => ReprocessStore;
  tasks?: (real: Tasks) => Tasks;
};
export type Service = { url: string; close(): Promise<void> };

export const START_TIMEOUT_MS = 20_000;

/** Closes in reverse order of `add`, each once, whatever another one throws. */
function createClosers(logger: Logger) {
  const closers: { name: string; close: () => unknown }[] = [];
  return {
    add: <T>(name: string, part: T, close: (part: T) => unknown): T => {
      closers.push({ name, close: () => close(part) });
      return part;
    },
    async close() {
      for (let closer = closers.pop(); closer; closer = closers.pop()) {
        try {
          await closer.close();
        } catch (error) {
          logger.warn({ name: closer.name, error }, 'a part did not close cleanly');
        }
      }
    },
  };
}

/** What gateways and workers share: Redis, Postgres, the room log. */
export async function createShared(config: Config, part: string, overrides: Overrides) {
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, part });
  const closers = createClosers(logger);
  const redisOf = (name: string) => {
    const options = {
      url: required(config.redisUrl, 'REDIS_URL'),
      timeoutMs: config.redisTimeoutMs,
      name,
      logger,
    };
    return closers.add(`redis ${name}`, connectRedis(options), redis => redis.disconnect());
  };
  const pool = closers.add(
    'postgres',
    createPool({
      databaseUrl: required(config.databaseUrl, 'DATABASE_URL'),
      size: config.databasePoolSize,
      timeoutMs: config.databaseTimeoutMs,
      name: part,
    }),
    made => made.end(),
  );
  const redis = redisOf(part);
  await whenReady(redis, START_TIMEOUT_MS);
  const scripts = createScripts(redis);
  const epochs = createEpochStore(pool);
  const partitions = createPartitions({ redis, scripts, epochs, logger, count: config.log.partitions });
  await partitions.checkLayout();
  const log = createRoomLog({ scripts, partitions, epochs, options: config.log, logger });
  const store = createMessageStore(pool);
  /** Each part by name, as the health calls show it. */
  const ready = async (): Promise<Record<string, string>> => ({
    redis: redis.status === 'ready' ? 'ok' : 'Redis does not answer',
  });
  return { logger, closers, redisOf, redis, pool, scripts, log, store, ready };
}
export type Shared = Awaited<ReturnType<typeof createShared>>;
