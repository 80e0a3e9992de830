/**
 * Deadlines of gated rooms. Every gateway and worker runs this, so they pass while workers or the engine are down;
 * whoever holds a short lease looks for all. The lease only saves work: a gate opens or closes once, by one script.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import { createRepeating } from '../repeating.ts';
import { partitionKeys, roomKeys } from './keys.ts';
import { reachable } from './redis.ts';
import type { Reply, Scripts } from './scripts.ts';

type Deps = { redis: Redis; scripts: Scripts; partitions: number; logger: Logger; everyMs?: number };

/** A deadline passes within twice this after its time; within this and the lease where a holder died. */
const EVERY_MS = 200;
const LEASE_MS = 600;
const LEASE_KEY = 'parley:gates:lease';
/** Gates of a partition dealt with at a time; the others follow in the next round. */
const AT_ONCE = 200;

export type Gates = ReturnType<typeof createGates>;

export function createGates({ redis, scripts, partitions, logger, everyMs = EVERY_MS }: Deps) {
  const owner = randomUUID();

  async function mayLook(): Promise<boolean> {
    if ((await redis.set(LEASE_KEY, owner, 'PX', LEASE_MS, 'NX')) === 'OK') return true;
    if ((await redis.get(LEASE_KEY)) !== owner) return false;
    await redis.pexpire(LEASE_KEY, LEASE_MS);
    return true;
  }

  /** The gates whose time has come, by the clock of Redis, which set it. */
  async function due(): Promise<string[]> {
    const [seconds, micros] = (await redis.time()).map(Number);
    const now = seconds! * 1_000 + Math.floor(micros! / 1_000);
    const pipeline = redis.pipeline();
    for (let partition = 0; partition < partitions; partition += 1) {
      pipeline.zrangebyscore(partitionKeys(partition).gates, '-inf', now, 'LIMIT', 0, AT_ONCE);
    }
    const replies = (await pipeline.exec())!;
    const failed = replies.find(([error]) => error);
    if (failed) throw failed[0]!;
    return replies.flatMap(([, gates]) => gates as string[]);
  }

  async function pass(gate: string): Promise<boolean> {
    const [room, id, revision, choice] = gate.split(' ') as [string, string, string, string];
    const { partition, meta, log, state, rooms, gates, channel } = roomKeys(room, partitions);
    const names = [partition, meta, log, state, rooms, gates];
    const [answer] = (await scripts.run('open-gate', names, [
      room,
      channel,
      id,
      revision,
      choice,
    ])) as Reply[];
    return answer === 'done';
  }

  /** Opens or closes every gate that is due, if nobody else does; answers how many. Throws Unavailable. */
  async function look(): Promise<number> {
    return await reachable(async () => {
      if (!(await mayLook())) return 0;
      const passed = await Promise.all((await due()).map(pass));
      return passed.filter(Boolean).length;
    });
  }

  const looking = createRepeating({
    everyMs,
    work: look,
    failed: error => logger.warn({ error }, 'deadlines of gated rooms cannot be looked at'),
  });

  return { look, close: looking.close };
}
