/** Both engines with and without keys, and what they have stored of a batch, as anybody would read it there. */
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { createLogger } from '../../src/logger.ts';
import { createBullmqEngine } from '../../src/pipeline/bullmq/client.ts';
import { closing, connectQueue, PREFIX, workingConnection } from '../../src/pipeline/bullmq/connection.ts';
import { createJobCodec } from '../../src/pipeline/bullmq/job.ts';
import { createBullmqWorker } from '../../src/pipeline/bullmq/worker.ts';
import type { PayloadKey } from '../../src/pipeline/cipher.ts';
import type { Engine } from '../../src/pipeline/engine.ts';
import { createTemporalEngine } from '../../src/pipeline/temporal/client.ts';
import { createPayloadCodec } from '../../src/pipeline/temporal/codec.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { createTemporalWorker } from '../../src/pipeline/temporal/worker.ts';
import type { Steps } from '../../workflows/steps.ts';
import { stack } from './stack.ts';

const { History } = proto.temporal.api.history.v1;
const logger = createLogger({ level: 'silent', part: 'test' });
const SHUTDOWN_MS = 5_000;

export type Batches = Pick<Engine, 'start' | 'unfinished' | 'close'>;
export type KeyedEngines = {
  /** An engine without a worker. */
  engine(keys: PayloadKey[]): Batches;
  /** Runs a worker; answers its end. */
  work(keys: PayloadKey[], activities: Steps): Promise<() => Promise<unknown>>;
  /** Every byte that the engine's storage has of a batch. */
  stored(id: string): Promise<Buffer>;
  /** Why a batch was last tried in vain. */
  lastFailure(id: string): Promise<string | undefined>;
  close(): Promise<unknown>;
};

export const KEYED: Record<'temporal' | 'bullmq', (queue: string) => Promise<KeyedEngines>> = {
  async temporal(taskQueue) {
    const { temporalAddress: address } = await stack();
    const connection = await connectTemporal({ address, logger, signal: AbortSignal.timeout(60_000) });
    const shared = { connection, namespace: 'default', taskQueue, logger };
    const client = new Client({ connection });
    const history = async (workflowId: string) => {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace: 'default',
        execution: { workflowId },
        maximumPageSize: 1_000,
      });
      return History.fromObject(history!);
    };
    return {
      engine: keys => createTemporalEngine({ ...shared, searchable: false, codec: createPayloadCodec(keys) }),
      async work(keys, activities) {
        const own = {
          identity: 'test',
          activities,
          codec: createPayloadCodec(keys),
          shutdownMs: SHUTDOWN_MS,
        };
        const worker = await createTemporalWorker({ ...shared, ...own });
        const running = worker.run();
        return async () => {
          worker.shutdown();
          await running;
        };
      },
      stored: async id => Buffer.from(History.encode(await history(id)).finish()),
      async lastFailure(id) {
        const failed = (await history(id)).events.map(event => event.workflowTaskFailedEventAttributes);
        return failed.findLast(one => one)?.failure?.message ?? undefined;
      },
      close: () => connection.close(),
    };
  },
  async bullmq(name) {
    const { redisUrl: url } = await stack();
    const redis = new Redis(url, { commandTimeout: 30_000, protocol: 2 });
    const queue = await connectQueue({ url, name, logger });
    const events = new QueueEvents(name, { connection: workingConnection(url), prefix: PREFIX });
    return {
      engine: keys => createBullmqEngine({ queue, events, codec: createJobCodec(keys), logger }),
      async work(keys, activities) {
        const codec = createJobCodec(keys);
        const own = { identity: 'test', activities, codec, concurrency: 4, shutdownMs: SHUTDOWN_MS };
        const worker = createBullmqWorker({ url, name, ...own, logger });
        await worker.ready();
        return worker.close;
      },
      stored: async id => Buffer.from(JSON.stringify(await redis.hgetall(`${PREFIX}:${name}:${id}`))),
      lastFailure: async id => (await queue.getJob(id))?.failedReason,
      async close() {
        await Promise.all([closing(events), closing(queue)]);
        redis.disconnect();
      },
    };
  },
};
