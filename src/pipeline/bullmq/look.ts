import { Queue } from 'bullmq';
import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { LookedAt } from '../engine.ts';
import { askingConnection, closing, logErrors, PREFIX, within } from './connection.ts';
import { createJobCodec, keptJobs, type StoredData } from './job.ts';
import { unfinishedJobs } from './unfinished.ts';

type Options = { config: Config; url: string; timeoutMs: number; logger: Logger };

/** The queue, for who only asks. Throws where its Redis does not answer in time. */
export async function lookAtBullmq({ config, url, timeoutMs, logger }: Options): Promise<LookedAt> {
  const connection = askingConnection(url);
  const queue = new Queue<StoredData>(config.pipeline.taskQueue, {
    connection,
    prefix: PREFIX,
    skipMetasUpdate: true,
  });
  logErrors(queue, 'look', logger);
  try {
    await within(timeoutMs, "the connection to BullMQ's Redis", queue.waitUntilReady());
  } catch (error) {
    await closing(queue);
    throw error;
  }
  const codec = createJobCodec(config.payloadKeys);
  return { unfinished: () => unfinishedJobs(queue, codec), kept: keptJobs, close: () => closing(queue) };
}
