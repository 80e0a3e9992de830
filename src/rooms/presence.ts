/**
 * Presence over all gateways, by leases in Redis that each gateway renews for its connections. A connection that
 * ends keeps its lease for a short grace, so that a quick reconnect is no flap; a dead gateway's leases run out.
 * Whoever sweeps a room first tells everyone who has gone.
 */
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { Presence } from './hub-types.ts';
import { type RoomKeys, roomKeys } from './keys.ts';
import { reachable } from './redis.ts';
import type { Scripts } from './scripts.ts';

type Deps = { redis: Redis; scripts: Scripts; logger: Logger; partitions: number };

/** A dead gateway's members are told to be gone within LEASE + SWEEP. */
const LEASE_MS = 25_000;
const RENEW_MS = 8_000;
const SWEEP_MS = 8_000;
const GRACE_MS = 4_000;
const MAX_NAMES = 100;
const AT_ONCE = 500;

export function createPresence({ redis, scripts, logger, partitions }: Deps): Presence {
  /** By room, this gateway's connections: `user connection`. */
  const here = new Map<string, Set<string>>();
  const keysOf = (room: string) => roomKeys(room, partitions);

  async function run(keys: RoomKeys, room: string, args: (string | number)[]): Promise<[number, string[]]> {
    const names = [keys.here, keys.hereConnections, keys.hereUsers];
    return (await scripts.run('presence', names, [room, keys.channel, MAX_NAMES, ...args])) as [
      number,
      string[],
    ];
  }

  async function renew() {
    const all = [...here].flatMap(([room, members]) => [...members].map(member => ({ room, member })));
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const part = all.slice(i, i + AT_ONCE);
      const pipeline = redis.pipeline();
      for (const { room, member } of part)
        pipeline.zadd(keysOf(room).here, 'XX', 'CH', Date.now() + LEASE_MS, member);
      const replies = (await pipeline.exec()) ?? [];
      // Swept or wiped while Redis was away: they come in anew.
      const lost = part.filter((_, k) => replies[k]?.[1] === 0);
      for (const { room, member } of lost)
        await run(keysOf(room), room, ['enter', ...member.split(' '), LEASE_MS]);
    }
  }

  /** Tells who has gone from the rooms that have members here. */
  async function sweep() {
    for (const room of here.keys()) await run(keysOf(room), room, ['sweep']);
  }

  const every = (ms: number, what: string, work: () => Promise<void>) => {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch(error => logger.debug({ error }, `presence could not be ${what}`))
        .finally(() => {
          busy = false;
        });
    }, ms);
    timer.unref();
    return timer;
  };
  const timers = [every(RENEW_MS, 'renewed', renew), every(SWEEP_MS, 'swept', sweep)];

  /** Ends leases after the grace; a room that has members here is swept right after it. */
  async function end(room: string, members: string[]) {
    const { here: key } = keysOf(room);
    const pipeline = redis.pipeline();
    for (const member of members) pipeline.zadd(key, 'XX', Date.now() + GRACE_MS, member);
    await pipeline.exec().catch(() => undefined);
  }

  return {
    async enter(room, user, connection) {
      const keys = keysOf(room);
      const [members, users] = await reachable(() => run(keys, room, ['enter', user, connection, LEASE_MS]));
      const own = here.get(room) ?? new Set();
      here.set(room, own.add(`${user} ${connection}`));
      return { members, users };
    },

    async leave(room, user, connection) {
      const own = here.get(room);
      if (own?.delete(`${user} ${connection}`) !== true) return;
      if (own.size === 0) here.delete(room);
      await end(room, [`${user} ${connection}`]);
      const timer = setTimeout(() => {
        // Whether or not a member is left here: another gateway's members want to know.
        run(keysOf(room), room, ['sweep']).catch(error =>
          logger.debug({ error }, 'presence could not be swept'),
        );
      }, GRACE_MS + 100);
      timer.unref();
    },

    async close() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([...here].map(([room, members]) => end(room, [...members])));
      here.clear();
    },
  };
}
