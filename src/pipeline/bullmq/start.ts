import { QueueEvents } from 'bullmq';
import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { Activities, RunningEngine } from '../engine.ts';
import type { Schedule } from '../schedules.ts';
import { createBullmqEngine } from './client.ts';
import { closing, connectQueue, logErrors, PREFIX, workingConnection } from './connection.ts';
import { createJobCodec } from './job.ts';
import { createReprocessing } from './reprocess.ts';
import { startTasks } from './tasks.ts';
import { createBullmqWorker } from './worker.ts';

type Options = { config: Config; url: string; activities: Activities; schedule: Schedule; logger: Logger };

/**
 * Batches at once: more than a dispatcher leaves unfinished, for those of dead workers, and for those that look
 * whether a part that is away has come back. 200 KB each.
 */
const MIN_CONCURRENCY = 64;

/** Connects to BullMQ's Redis, for as long as that takes, and starts its worker. */
export async function startBullmq({
  config,
  url,
  activities,
  schedule,
  logger,
}: Options): Promise<RunningEngine> {
  const { taskQueue: name, workerId: identity, inFlight } = config.pipeline;
  const queue = await connectQueue({ url, name, logger });
  const events = new QueueEvents(name, { connection: workingConnection(url), prefix: PREFIX });
  logErrors(events, 'events', logger);
  await events.waitUntilReady();
  const concurrency = Math.max(MIN_CONCURRENCY, inFlight);
  const { shutdownMs } = config;
  const codec = createJobCodec(config.payloadKeys);
  const shared = { url, name, identity, activities, codec, logger };
  const worker = createBullmqWorker({ ...shared, concurrency, shutdownMs });
  await worker.ready();
  const reprocessing = await createReprocessing({
    url,
    name,
    identity,
    steps: activities,
    shutdownMs,
    logger,
  });
  const engine = { ...createBullmqEngine({ queue, events, codec, logger }), reprocess: reprocessing.wake };
  const tasks = await startTasks({ url, queueName: name, identity, schedule, shutdownMs, logger });
  return {
    engine,
    failed: Promise.all([worker.running, tasks.running]).then(() => new Promise<never>(() => {})),
    async close() {
      await engine.close();
      await Promise.all([worker.close(), reprocessing.close(), tasks.close()]);
      await Promise.all([closing(events), closing(queue)]);
    },
  };
}
