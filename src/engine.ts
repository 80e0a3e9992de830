/**
 * The choice of the pipeline's engine: the only place that knows both. What the other one is made of is not loaded:
 * a process starts half a second sooner, and has that much less in memory.
 */
import { type Config, required } from './config.ts';
import { QUEUES_PATH } from './front/queues.ts';
import type { Logger } from './logger.ts';
import type { Activities, LookedAt, RunningEngine } from './pipeline/engine.ts';
import type { Schedule, SchedulesLookedAt } from './pipeline/schedules.ts';
import { connectRedis, durabilityWarnings, whenReady } from './rooms/redis.ts';

type Options = { config: Config; activities: Activities; schedule: Schedule; logger: Logger };

/** The engine that the configuration names, at work; waits for its server as long as that takes. */
export async function startEngine(shared: Options): Promise<RunningEngine> {
  const { config, logger } = shared;
  if (config.pipeline.engine === 'temporal') {
    const { startTemporal } = await import('./pipeline/temporal/start.ts');
    return await startTemporal({ ...shared, address: required(config.temporalAddress, 'TEMPORAL_ADDRESS') });
  }
  const url = required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL');
  const { startBullmq } = await import('./pipeline/bullmq/start.ts');
  const running = await startBullmq({ ...shared, url });
  await warnOfQueue(config, logger);
  return running;
}

/** Says what about a Redis that BullMQ has to itself would lose batches. */
async function warnOfQueue(
  { bullmqRedisUrl: url, redisUrl, redisTimeoutMs: timeoutMs }: Config,
  logger: Logger,
) {
  if (url === undefined || url === redisUrl) return;
  const redis = connectRedis({ url, timeoutMs, name: 'queue', logger });
  try {
    await whenReady(redis, timeoutMs);
    for (const warning of await durabilityWarnings(redis)) logger.warn(`BULLMQ_REDIS_URL: ${warning}`);
  } catch (error) {
    logger.warn({ error }, "BullMQ's Redis could not be asked for its settings");
  } finally {
    redis.disconnect();
  }
}

/** What shows the queue of BullMQ; Temporal has a UI of its own. */
export async function queueBoard(config: Config, logger: Logger) {
  const { engine, taskQueue: name } = config.pipeline;
  if (engine !== 'bullmq') return undefined;
  const url = required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL');
  const { createBoard } = await import('./pipeline/bullmq/board.ts');
  return createBoard({ url, name, keys: config.payloadKeys, basePath: QUEUES_PATH, logger });
}

/** What Temporal's UI needs to show payloads that are encrypted; BullMQ's board opens them by itself. */
export async function payloadCodec({ pipeline, payloadKeys }: Config) {
  if (pipeline.engine !== 'temporal' || payloadKeys.length === 0) return undefined;
  const { createPayloadCodec } = await import('./pipeline/temporal/codec.ts');
  return createPayloadCodec(payloadKeys);
}

type Look = { config: Config; logger: Logger; timeoutMs: number };

/** The engine that the configuration names, to look at alone. Throws where it does not answer in time. */
export async function lookAtEngine(look: Look): Promise<LookedAt> {
  const { config } = look;
  if (config.pipeline.engine === 'temporal') {
    const { lookAtTemporal } = await import('./pipeline/temporal/look.ts');
    return await lookAtTemporal({ ...look, address: required(config.temporalAddress, 'TEMPORAL_ADDRESS') });
  }
  const { lookAtBullmq } = await import('./pipeline/bullmq/look.ts');
  return await lookAtBullmq({ ...look, url: required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL') });
}

/** Its schedules, to look at and to start a task. Throws where it does not answer in time. */
export async function lookAtSchedules(look: Look): Promise<SchedulesLookedAt> {
  const { config } = look;
  if (config.pipeline.engine === 'temporal') {
    const address = required(config.temporalAddress, 'TEMPORAL_ADDRESS');
    const { lookAtTemporalSchedules } = await import('./pipeline/temporal/schedules.ts');
    return await lookAtTemporalSchedules({ ...look, address });
  }
  const { lookAtBullmqSchedules } = await import('./pipeline/bullmq/schedules.ts');
  return await lookAtBullmqSchedules({ ...look, url: required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL') });
}
