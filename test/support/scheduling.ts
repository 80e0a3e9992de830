/** Both engines' schedules, with workers in this process that are given the tests' own task. */
import { createLogger } from '../../src/logger.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { connectQueue } from '../../src/pipeline/bullmq/connection.ts';
import { createBullmqSchedules, type TaskJob, tasksQueueOf } from '../../src/pipeline/bullmq/schedules.ts';
import { startTasks } from '../../src/pipeline/bullmq/tasks.ts';
import {
  createScheduleKeeper,
  createTaskRunner,
  type Schedules,
  scheduleTable,
  type Task,
} from '../../src/pipeline/schedules.ts';
import { createPayloadCodec } from '../../src/pipeline/temporal/codec.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { createTemporalSchedules } from '../../src/pipeline/temporal/schedules.ts';
import { createTemporalWorker } from '../../src/pipeline/temporal/worker.ts';
import type { Steps } from '../../workflows/steps.ts';
import { stack } from './stack.ts';

export type Scheduling = {
  schedules: Schedules;
  /** A worker that keeps the schedule of the digest at 00:10 and runs it by `task`. */
  startWorker(task: Task): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
};

const logger = createLogger({ level: 'silent', part: 'test' });
const SHUTDOWN_MS = 3_000;
let opened = 0;

const never = { digest: undefined, nightly: undefined, purge: undefined };
const scheduleOf = (task: Task) => ({
  table: scheduleTable({ ...never, digest: { hour: 0, minute: 10 } }, { digest: task }),
  runTask: createTaskRunner({ tasks: { digest: task }, metrics: createWorkerMetrics(), logger }),
});
const newQueue = () => `schedules-${process.pid}-${opened++}`;

export const SCHEDULING: Record<'temporal' | 'bullmq', () => Promise<Scheduling>> = {
  async temporal() {
    const { temporalAddress: address } = await stack();
    const connect = () => connectTemporal({ address, logger, signal: AbortSignal.timeout(60_000) });
    const connection = await connect();
    const shared = { connection, namespace: 'default', taskQueue: newQueue(), logger };
    const schedules = createTemporalSchedules(shared);
    return {
      schedules,
      async startWorker(task) {
        const { table, runTask } = scheduleOf(task);
        // One connection a worker, as in processes of their own.
        const own = await connect();
        const worker = await createTemporalWorker({
          ...shared,
          connection: own,
          identity: 'test',
          activities: {} as Steps,
          ...{ runTask, codec: createPayloadCodec([]), shutdownMs: SHUTDOWN_MS },
        });
        const running = worker.run();
        const keeper = createScheduleKeeper({ schedules, table, logger });
        return {
          async close() {
            await keeper.close();
            worker.shutdown();
            await running;
            await own.close();
          },
        };
      },
      close: () => connection.close(),
    };
  },

  async bullmq() {
    const { redisUrl: url } = await stack();
    const queueName = newQueue();
    const queue = await connectQueue<TaskJob>({ url, name: tasksQueueOf(queueName), logger });
    return {
      schedules: createBullmqSchedules(queue),
      startWorker: task =>
        startTasks({
          ...{ url, queueName, identity: 'test', logger },
          schedule: scheduleOf(task),
          shutdownMs: SHUTDOWN_MS,
        }),
      close: () => queue.close(),
    };
  },
};
