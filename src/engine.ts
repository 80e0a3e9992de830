/** The choice of the pipeline's engine: the only place that knows both. */
import { type Config, required } from './config.ts';
import { QUEUES_PATH } from './front/queues.ts';
import type { Logger } from './logger.ts';
import { createBoard } from './pipeline/bullmq/board.ts';
import { lookAtBullmq } from './pipeline/bullmq/look.ts';
import { lookAtBullmqSchedules } from './pipeline/bullmq/schedules.ts';
import { startBullmq } from './pipeline/bullmq/start.ts';
import type { Activities, LookedAt, RunningEngine } from './pipeline/engine.ts';
import type { Schedule, SchedulesLookedAt } from './pipeline/schedules.ts';
import { createPayloadCodec } from './pipeline/temporal/codec.ts';
import { lookAtTemporal } from './pipeline/temporal/look.ts';
import { lookAtTemporalSchedules } from './pipeline/temporal/schedules.ts';
import { startTemporal } from './pipeline/temporal/start.ts';
import { connectRedis, durabilityWarnings, whenReady } from './rooms/redis.ts';

type Options = { config: Config; activities: Activities; schedule: Schedule; logger: Logger };

/** The engine that the configuration names, at work; waits for its server as long as that takes. */
export async function startEngine(shared: Options): Promise<RunningEngine> {
  const { config, logger } = shared;
  if (config.pipeline.engine === 'temporal') {
    return await startTemporal({ ...shared, address: required(config.temporalAddress, 'TEMPORAL_ADDRESS') });
  }
  const url = required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL');
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
export function queueBoard(config: Config, logger: Logger) {
  const { engine, taskQueue: name } = config.pipeline;
  if (engine !== 'bullmq') return undefined;
  const url = required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL');
  return createBoard({ url, name, keys: config.payloadKeys, basePath: QUEUES_PATH, logger });
}

/** What Temporal's UI needs to show payloads that are encrypted; BullMQ's board opens them by itself. */
export function payloadCodec({ pipeline, payloadKeys }: Config) {
  if (pipeline.engine !== 'temporal' || payloadKeys.length === 0) return undefined;
  return createPayloadCodec(payloadKeys);
}

type Look = { config: Config; logger: Logger; timeoutMs: number };

/** The engine that the configuration names, to look at alone. Throws where it does not answer in time. */
export function lookAtEngine(look: Look): Promise<LookedAt> {
  const { config } = look;
  return config.pipeline.engine === 'temporal'
    ? lookAtTemporal({ ...look, address: required(config.temporalAddress, 'TEMPORAL_ADDRESS') })
    : lookAtBullmq({ ...look, url: required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL') });
}

/** Its schedules, to look at and to start a task. Throws where it does not answer in time. */
export function lookAtSchedules(look: Look): Promise<SchedulesLookedAt> {
  const { config } = look;
  return config.pipeline.engine === 'temporal'
    ? lookAtTemporalSchedules({ ...look, address: required(config.temporalAddress, 'TEMPORAL_ADDRESS') })
    : lookAtBullmqSchedules({ ...look, url: required(config.bullmqRedisUrl, 'BULLMQ_REDIS_URL') });
}
