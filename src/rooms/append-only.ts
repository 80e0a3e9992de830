/** Redis's own files hold what its keys held, until they are written anew. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';

const PATIENCE_MS = 120_000;
const POLL_MS = 100;

/** `rewritten`: nothing of before is in the append-only file. `snapshots`: there are dumps beside it. */
export type Rewrite = { rewritten: boolean; snapshots: boolean; why?: string };

/** Has the append-only file written anew and waits for it, two minutes at most. Never throws: `why` it was not done. */
export async function rewriteAppendOnly(redis: Redis, patienceMs = PATIENCE_MS): Promise<Rewrite> {
  let snapshots = true;
  try {
    const before = await persistenceOf(redis);
    snapshots = (await settingOf(redis, 'save')) !== '';
    if (before.get('aof_enabled') !== '1') return { rewritten: true, snapshots };
    const until = Date.now() + patienceMs;
    // One that runs already began before what is to be forgotten was gone.
    await idle(redis, until);
    await redis.bgrewriteaof();
    const after = await idle(redis, until);
    const done = after.get('aof_last_bgrewrite_status') === 'ok';
    return { rewritten: done, snapshots, ...(done ? {} : { why: 'the rewrite failed' }) };
  } catch (error) {
    return { rewritten: false, snapshots, why: error instanceof Error ? error.message : 'unknown' };
  }
}

async function idle(redis: Redis, until: number): Promise<Map<string, string>> {
  for (;;) {
    const now = await persistenceOf(redis);
    if (now.get('aof_rewrite_in_progress') === '0' && now.get('aof_rewrite_scheduled') === '0') return now;
    if (Date.now() > until) throw new Error('the rewrite takes too long');
    await delay(POLL_MS);
  }
}

async function persistenceOf(redis: Redis): Promise<Map<string, string>> {
  const lines = (await redis.info('persistence')).split('\r\n');
  return new Map(lines.map(line => [line.split(':', 1)[0]!, line.slice(line.indexOf(':') + 1)]));
}

async function settingOf(redis: Redis, name: string): Promise<string> {
  const reply: unknown = await redis.config('GET', name);
  const value = Array.isArray(reply) ? reply[1] : Object.values(reply as object)[0];
  return String(value);
}
