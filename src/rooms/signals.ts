/** What members tell each other beside the log: who types, and how far each has read. It may be lost. */
import type { Redis } from 'ioredis';
import { roomKeys } from './keys.ts';
import { reachable } from './redis.ts';

type Deps = { redis: Redis; partitions: number };

/** One `typing` of a user and room leaves this gateway in this time. */
const TYPING_EVERY_MS = 2_000;
/** Typists remembered; beyond it the oldest are forgotten, and may be told of a moment too early. */
const MAX_TYPISTS = 10_000;

export type Signals = ReturnType<typeof createSignals>;

export function createSignals({ redis, partitions }: Deps) {
  const typed = new Map<string, number>();
  const publish = (room: string, except: string, frame: object) =>
    reachable(() =>
      redis.spublish(roomKeys(room, partitions).channel, `~${except}\n${JSON.stringify(frame)}`),
    );

  return {
    /** Tells the others that a user types. Throws Unavailable. */
    async typing(room: string, user: string): Promise<void> {
      const key = `${room} ${user}`;
      const now = Date.now();
      if (now - (typed.get(key) ?? 0) < TYPING_EVERY_MS) return;
      typed.delete(key);
      typed.set(key, now);
      if (typed.size > MAX_TYPISTS) typed.delete(typed.keys().next().value!);
      await publish(room, user, { type: 'typing', room, user });
    },

    /** Notes how far a user has read, and tells everyone; going back changes nothing. Throws Unavailable. */
    async read(room: string, user: string, through: number): Promise<void> {
      const keys = roomKeys(room, partitions);
      const known = Number((await reachable(() => redis.hget(keys.read, user))) ?? 0);
      if (through <= known) return;
      await reachable(() => redis.hset(keys.read, user, through));
      await publish(room, '-', { type: 'receipt', room, user, through });
    },

    /** How far a user has read; 0 where nothing is known. Throws Unavailable. */
    async readThrough(room: string, user: string): Promise<number> {
      return Number((await reachable(() => redis.hget(roomKeys(room, partitions).read, user))) ?? 0);
    },
  };
}
