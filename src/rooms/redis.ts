import { Redis } from 'ioredis';
import { Unavailable } from '../errors.ts';
import type { Logger } from '../logger.ts';

export type RedisOptions = { url: string; timeoutMs: number; name: string; logger: Logger };

const PING_MS = 1_000;

/**
 * A connection that answers or fails within `timeoutMs`: while Redis is away commands fail at once instead of
 * gathering in memory. It reconnects for ever, at most a second apart.
 */
export function connectRedis(options: RedisOptions): Redis {
  const redis = new Redis(options.url, {
    connectionName: `parley-${options.name}`,
    commandTimeout: options.timeoutMs,
    connectTimeout: options.timeoutMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
    reconnectOnError: error => error.message.startsWith('READONLY') || error.message.startsWith('LOADING'),
  });
  let down = false;
  redis.on('error', error => {
    if (!down) options.logger.warn({ connection: options.name, error }, 'Redis does not answer');
    down = true;
  });
  redis.on('ready', () => {
    if (down) options.logger.info({ connection: options.name }, 'Redis answers again');
    down = false;
  });
  watchSilence(redis, options);
  return redis;
}

/**
 * A connection may die without a word (a pulled cable, a dropped route): TCP would notice after many minutes. One
 * that does not answer a ping within the time of any command is torn down and made anew.
 */
function watchSilence(redis: Redis, { name, logger }: RedisOptions) {
  let asked = false;
  const timer = setInterval(async () => {
    if (redis.status === 'end') return clearInterval(timer);
    if (asked || redis.status !== 'ready') return;
    asked = true;
    try {
      await redis.ping();
    } catch (error) {
      if (error instanceof Error && /timed out/i.test(error.message) && redis.status === 'ready') {
        logger.warn({ connection: name }, 'Redis has gone silent: the connection is made anew');
        redis.disconnect(true);
      }
    } finally {
      asked = false;
    }
  }, PING_MS);
  timer.unref();
}

/** Waits until a connection is ready; throws Unavailable after `timeoutMs`. */
export function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', ready);
      reject(new Unavailable(`Redis did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const ready = () => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', ready);
  });
}

/** Runs a call on Redis; any failure of the connection becomes Unavailable, an error of a script stays what it is. */
export async function reachable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (
      error instanceof Error &&
      error.name === 'ReplyError' &&
      !/^(LOADING|MASTERDOWN|READONLY|OOM|MISCONF|CLUSTERDOWN)/.test(error.message)
    ) {
      throw error;
    }
    throw new Unavailable('Redis does not answer', { cause: error });
  }
}

/** What about this Redis would lose acknowledged messages; empty when nothing does. */
export async function durabilityWarnings(redis: Redis): Promise<string[]> {
  const warnings: string[] = [];
  const settings = await configOf(redis);
  if (settings === undefined)
    return ['Redis does not tell its settings (CONFIG is refused): durability is unknown'];
  if (settings.get('appendonly') !== 'yes') {
    warnings.push('Redis has appendonly off: a crash loses acknowledged messages');
  } else if (settings.get('appendfsync') === 'no') {
    warnings.push('Redis has appendfsync no: a power cut loses many seconds of acknowledged messages');
  }
  const policy = settings.get('maxmemory-policy');
  if (settings.get('maxmemory') !== '0' && policy !== 'noeviction') {
    warnings.push(`Redis may evict keys (maxmemory-policy ${policy}): set noeviction`);
  }
  return warnings;
}

async function configOf(redis: Redis): Promise<Map<string, string> | undefined> {
  const settings = new Map<string, string>();
  try {
    for (const name of ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy']) {
      const reply: unknown = await redis.config('GET', name);
      const pairs = Array.isArray(reply) ? [[reply[0], reply[1]]] : Object.entries(reply as object);
      for (const [key, value] of pairs) settings.set(String(key), String(value));
    }
    return settings;
  } catch {
    return undefined;
  }
}
