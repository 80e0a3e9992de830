import { Redis } from 'ioredis';

/** Every message that waits in an intake, by room; with ARGV[1] Redis is emptied in the same step. */
const TAKE = `
  local found = {}
  for _, key in ipairs(redis.call('KEYS', 'parley:{p*}:intake')) do
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
      for i = 1, #entry[2], 2 do if entry[2][i] == 'message' then found[#found + 1] = entry[2][i + 1] end end
    end
  end
  if ARGV[1] == 'wipe' then redis.call('FLUSHALL') end
  return found`;

export type Waiting = ReadonlyMap<string, ReadonlySet<number>>;

/** What no engine is known to have taken, straight from Redis; `wipe` empties Redis in the same atomic step. */
export async function waitingInIntake(redisUrl: string, then: 'keep' | 'wipe'): Promise<Waiting> {
  const redis = new Redis(redisUrl, { commandTimeout: 30_000 });
  try {
    const bodies = (await redis.eval(TAKE, 0, then)) as string[];
    const waiting = new Map<string, Set<number>>();
    for (const body of bodies) {
      const { room, id } = JSON.parse(body) as { room: string; id: number };
      waiting.set(room, (waiting.get(room) ?? new Set()).add(id));
    }
    return waiting;
  } finally {
    redis.disconnect();
  }
}

/** Where Redis keeps its append-only files. */
export async function appendOnlyFolder(redisUrl: string): Promise<string> {
  const redis = new Redis(redisUrl, { commandTimeout: 30_000, protocol: 2 });
  try {
    const [, dir] = (await redis.config('GET', 'dir')) as string[];
    const [, name] = (await redis.config('GET', 'appenddirname')) as string[];
    return `${dir}/${name}`;
  } finally {
    redis.disconnect();
  }
}
