/** What is gone for good leaves the rooms' logs: told to all who are there, in one entry for many. */
import type { Redis } from 'ioredis';
import type { Reason } from '../message.ts';
import { reachable } from './redis.ts';
import type { RoomLog } from './room-log.ts';
import type { Reply, Scripts } from './scripts.ts';

export type Expunged = {
  room: string;
  reason: Extract<Reason, 'expired' | 'erased'>;
  /** Stands for the author in what is left; absent: it is still the author. */
  author?: string | undefined;
  /** Names the task, which is told once however often it is repeated; absent: only what the log knows is named. */
  task?: number;
  ids: number[];
};

const SCAN = 500;

export type Expunge = ReturnType<typeof createExpunge>;

/** Every call throws Unavailable where Redis does not answer; then it may or may not be done, and may be repeated. */
export function createExpunge({
  log,
  scripts,
  redis,
}: {
  log: Pick<RoomLog, 'keysOf'>;
  scripts: Scripts;
  redis: Redis;
}) {
  return {
    /** Tells of messages as gone; where an entry says so its offset, and how many it names. */
    async expunge({
      room,
      reason,
      author = '',
      task,
      ids,
    }: Expunged): Promise<{ offset?: number; named: number }> {
      const { partition, meta, log: entries, state, page, rooms, channel } = log.keysOf(room);
      const names = [partition, meta, entries, state, page, rooms];
      const args = [room, channel, reason, author, task ?? '', ...ids];
      const [, offset, named] = (await reachable(() => scripts.run('expunge', names, args))) as Reply[];
      return { ...(offset ? { offset: Number(offset) } : {}), named: Number(named ?? 0) };
    },

    /** What a user wrote in a room until a time, as far as its log knows it; in pages, ids may come twice. */
    async *writtenBy(room: string, user: string, until: string): AsyncGenerator<number[]> {
      let cursor = '0';
      do {
        const args = [cursor, SCAN, user, until];
        const reply = await reachable(() => scripts.run('written-by', [log.keysOf(room).state], args));
        const [next, ...ids] = (reply as Reply[]).map(String);
        if (ids.length > 0) yield ids.map(Number);
        cursor = next!;
      } while (cursor !== '0');
    },

    /** Forgets how far a user has read in some rooms; answers in how many that was known. */
    async forgetReceipts(rooms: string[], user: string): Promise<number> {
      const pipeline = redis.pipeline();
      for (const room of rooms) pipeline.hdel(log.keysOf(room).read, user);
      const replies = (await reachable(() => pipeline.exec())) ?? [];
      return replies.reduce((sum, [, count]) => sum + Number(count ?? 0), 0);
    },
  };
}
