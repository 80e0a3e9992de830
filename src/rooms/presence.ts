import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { Presence } from './hub-types.ts';
import { roomKeys } from './keys.ts';
import { reachable } from './redis.ts';
import type { Scripts } from './scripts.ts';

type Deps = { redis: Redis; scripts: Scripts; logger: Logger; partitions: number };

const LEASE_MS = 45_000;
const RENEW_MS = 15_000;
const MAX_NAMES = 100;
const RENEW_AT_ONCE = 500;

/** Presence by leases in Redis: a dead gateway's members are gone when their leases end, 45 s at most. */
export function createPresence({ redis, scripts, logger, partitions }: Deps): Presence {
  const leases = new Map<string, { key: string; member: string }>();
  const keyOf = (room: string) => roomKeys(room, partitions).here;

  async function renew() {
    const all = [...leases.values()];
    for (let i = 0; i < all.length; i += RENEW_AT_ONCE) {
      const pipeline = redis.pipeline();
      for (const { key, member } of all.slice(i, i + RENEW_AT_ONCE)) {
        pipeline.zadd(key, Date.now() + LEASE_MS, member).pexpire(key, LEASE_MS * 2);
      }
      await pipeline.exec();
    }
  }
  const timer = setInterval(() => {
    renew().catch(error => logger.debug({ error }, 'presence could not be renewed'));
  }, RENEW_MS);
  timer.unref();

  async function leave(room: string, user: string, connection: string) {
    leases.delete(`${room} ${connection}`);
    await redis.zrem(keyOf(room), `${user} ${connection}`).catch(() => 0);
  }

  return {
    async enter(room, user, connection) {
      const args = [user, connection, LEASE_MS, MAX_NAMES];
      const [members, users] = (await reachable(() => scripts.run('presence', [keyOf(room)], args))) as [
        number,
        string[],
      ];
      leases.set(`${room} ${connection}`, { key: keyOf(room), member: `${user} ${connection}` });
      return { members, users };
    },
    leave,
    async close() {
      clearInterval(timer);
      const pipeline = redis.pipeline();
      for (const { key, member } of leases.values()) pipeline.zrem(key, member);
      leases.clear();
      await pipeline.exec().catch(() => undefined);
    },
  };
}
