/**
 * Looks after rooms in which nothing happens any more: their logs are trimmed by age as busy ones are by each append.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { partitionKeys, roomKeys } from './keys.ts';
import type { LogOptions } from './room-log.ts';
import type { Scripts } from './scripts.ts';

const EVERY_MS = 60_000;
const ROOMS_AT_ONCE = 100;

type Deps = {
  redis: Redis;
  scripts: Scripts;
  options: LogOptions;
  logger: Logger;
  owned(): ReadonlySet<number>;
};

export function createJanitor({ redis, scripts, options, logger, owned }: Deps) {
  /** Trims every quiet room of the partitions owned here; answers how many rooms were looked at. */
  async function sweep(): Promise<number> {
    let looked = 0;
    for (const partition of owned()) {
      const { rooms } = partitionKeys(partition);
      const quietSince = String(Date.now() - options.retentionMs);
      const quiet = await redis.zrangebyscore(rooms, '-inf', quietSince, 'LIMIT', 0, ROOMS_AT_ONCE);
      for (const room of quiet) {
        const keys = roomKeys(room, options.partitions);
        const args = [room, options.retentionEntries, options.retentionMs];
        await scripts.run('trim-room', [keys.log, keys.state, keys.open, keys.rooms, keys.meta], args);
        looked += 1;
      }
    }
    return looked;
  }
  const timer = setInterval(() => {
    sweep().catch(error => logger.debug({ error }, 'quiet rooms could not be trimmed'));
  }, EVERY_MS);
  timer.unref();
  return { sweep, close: () => clearInterval(timer) };
}
