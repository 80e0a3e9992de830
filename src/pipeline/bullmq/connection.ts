import type { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import type { Logger } from '../../logger.ts';
import type { StoredData } from './job.ts';

/** Before the names of all our keys in BullMQ's Redis. One slot of a cluster, for its scripts touch many keys. */
export const PREFIX = '{parley-pipeline}';

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;
/** Above the 10 s that BullMQ's blocking reads may take: a connection that fell silent is made anew. */
const SILENCE_MS = 15_000;
const RETRY = { firstMs: 200, maxMs: 5_000 };
const REPEAT_LOG_MS = 10_000;

/** Its scripts read replies as RESP2 gives them. */
const always = (url: string) => ({
  url,
  protocol: 2,
  connectTimeout: CONNECT_TIMEOUT_MS,
  keepAlive: 10_000,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
});

/** For who asks and must be answered: while Redis is away commands fail, and none gathers in memory. */
export const askingConnection = (url: string) => ({
  ...always(url),
  commandTimeout: COMMAND_TIMEOUT_MS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
});

/** For who works: commands wait until Redis is back. */
export const workingConnection = (url: string) => ({
  ...always(url),
  socketTimeout: SILENCE_MS,
  maxRetriesPerRequest: null,
});

type Options = { url: string; name: string; logger: Logger };

/** The queue, once its Redis answers; tries for as long as it takes. */
export async function connectQueue<Data = StoredData>({ url, name, logger }: Options): Promise<Queue<Data>> {
  for (let wait = RETRY.firstMs; ; wait = Math.min(wait * 2, RETRY.maxMs)) {
    const queue = new Queue<Data>(name, { connection: askingConnection(url), prefix: PREFIX });
    logErrors(queue, 'queue', logger);
    try {
      await within(CONNECT_TIMEOUT_MS, 'the connection', queue.waitUntilReady());
      return queue;
    } catch (error) {
      logger.warn({ error }, "BullMQ's Redis does not answer yet");
      await closing(queue);
      await delay(wait);
    }
  }
}

/** Ends a part's connections, whether Redis answers or not. */
export async function closing(part: { close(): Promise<unknown> }): Promise<void> {
  await within(2_000, 'closing', part.close()).catch(() => undefined);
}

/** Throws after `ms`; what the promise comes to later is nobody's concern. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A part without a listener would end the process. The same words are logged once in ten seconds. */
export function logErrors(part: EventEmitter, name: string, logger: Logger): void {
  let last = { message: '', at: 0 };
  part.on('error', (error: Error) => {
    if (error.message === last.message && Date.now() - last.at < REPEAT_LOG_MS) return;
    last = { message: error.message, at: Date.now() };
    logger.warn({ part: name, error }, 'BullMQ reports a fault');
  });
}
