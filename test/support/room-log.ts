import { createLogger } from '../../src/logger.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import { createHub } from '../../src/rooms/hub.ts';
import type { JoinedPage, Member } from '../../src/rooms/hub-types.ts';
import { createIntake } from '../../src/rooms/intake.ts';
import { createOutcomes } from '../../src/rooms/outcomes.ts';
import { createPartitions } from '../../src/rooms/partitions.ts';
import { connectRedis, whenReady } from '../../src/rooms/redis.ts';
import type { LogOptions } from '../../src/rooms/room-log.ts';
import { createRoomLog } from '../../src/rooms/room-log.ts';
import { createScripts } from '../../src/rooms/scripts.ts';
import { createWindows } from '../../src/rooms/windows.ts';
import { createEpochStore } from '../../src/store/epochs.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { freeDatabase, stack } from './stack.ts';

const OPTIONS: LogOptions = {
  partitions: 16,
  retentionEntries: 1_000,
  retentionMs: 3_600_000,
  dedupWindowMs: 3_600_000,
  maxUnstored: 10_000,
};

/** A room log on the real Redis and Postgres, with what a gateway and a worker do to it; `windowMs` gathers all live frames. */
export async function openRoomLog({
  windowMs,
  ...overrides
}: Partial<LogOptions> & { windowMs?: number } = {}) {
  const { redisUrl } = await stack();
  const logger = createLogger({ level: 'silent', part: 'test' });
  const connect = async (name: string) => {
    const redis = connectRedis({ url: redisUrl, timeoutMs: 30_000, name, logger });
    await whenReady(redis, 30_000);
    return redis;
  };
  const [redis, subscriber, reader] = await Promise.all(['log', 'subscriber', 'intake'].map(connect));
  const pool = createPool({ databaseUrl: await freeDatabase(), size: 4, timeoutMs: 30_000, name: 'test' });
  await migrate(pool);
  const epochs = createEpochStore(pool);
  const options = { ...OPTIONS, ...overrides };
  const scripts = createScripts(redis!);
  const partitions = createPartitions({ redis: redis!, scripts, epochs, logger, count: options.partitions });
  const log = createRoomLog({ scripts, partitions, epochs, options, logger });
  const windows = windowMs === undefined ? createWindows() : createWindows({ windowMs, busyDeliveries: 0 });
  const metrics = createGatewayMetrics();
  const hub = createHub({ log, subscriber: subscriber!, logger, metrics, checkMs: 60_000, windows });
  return {
    redis: redis!,
    subscriber: subscriber!,
    pool,
    scripts,
    partitions,
    epochs,
    log,
    hub,
    outcomes: createOutcomes({ log, scripts }),
    intake: createIntake({ redis: redis!, reader: reader! }),
    /** A second process on the same log: it has seen nothing yet. */
    another: () => createRoomLog({ scripts, partitions, epochs, options, logger }),
    async close() {
      await hub.close();
      for (const connection of [redis!, subscriber!, reader!]) connection.disconnect();
      await pool.end();
    },
  };
}

export type Frame = { type: string; offset: number; [field: string]: unknown };

/** A member that keeps what it was given. */
export function listener(user: string) {
  const frames: Frame[] = [];
  const pages: JoinedPage[] = [];
  const member: Member = {
    viewer: { user, moderator: false },
    deliver: delivered => frames.push(...delivered.map(frame => JSON.parse(frame) as Frame)),
    renewed: page => pages.push(page),
  };
  const onPage = (page: JoinedPage) => {
    pages.push(page);
  };
  const events = () => pages.flatMap(page => page.events.map(event => JSON.parse(event) as Frame));
  return { member, frames, pages, onPage, events };
}

let rooms = 0;
/** A room that no other test uses. */
export function newRoom(): string {
  rooms += 1;
  return `room-${process.pid}-${rooms}`;
}
