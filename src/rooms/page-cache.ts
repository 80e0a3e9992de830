import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { Watermark } from './log-types.ts';
import type { RoomLog } from './room-log.ts';
import type { Scripts } from './scripts.ts';

const TTL_MS = 60_000;
/** A larger page is read from the store each time. */
const MAX_BYTES = 262_144;

/**
 * The newest page of each room's history, kept in Redis while nothing of the room changes in the store. A page
 * carries the watermark that was read before its rows. Nothing here throws: without Redis there is no cache.
 */
export function createPageCache({
  log,
  scripts,
  redis,
  logger,
}: {
  log: RoomLog;
  scripts: Scripts;
  redis: Redis;
  logger: Logger;
}) {
  const quietly = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await call();
    } catch (error) {
      logger.debug({ error }, 'the page cache does not answer');
      return undefined;
    }
  };
  return {
    /** How far the store reflects a room's log; undefined while the log cannot be reached. */
    watermark: (room: string): Promise<Watermark | undefined> => quietly(() => log.watermarkOf(room)),

    async cachedPage(room: string): Promise<{ page: string; watermark: Watermark } | undefined> {
      const value = await quietly(() => redis.get(log.keysOf(room).page));
      if (value === null || value === undefined) return undefined;
      const cut = value.indexOf('\n');
      return { watermark: JSON.parse(value.slice(0, cut)) as Watermark, page: value.slice(cut + 1) };
    },

    /** Keeps a page, unless the store changed since its watermark was read. */
    async cachePage(room: string, page: string, watermark: Watermark): Promise<void> {
      if (Buffer.byteLength(page) > MAX_BYTES) return;
      const keys = log.keysOf(room);
      const args = [watermark.epoch, watermark.storeVersion, `${JSON.stringify(watermark)}\n${page}`, TTL_MS];
      await quietly(() => scripts.run('cache-page', [keys.meta, keys.page], args));
    },
  };
}
