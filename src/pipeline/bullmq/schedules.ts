import { type JobsOptions, Queue } from 'bullmq';
import { TASK_POLICY, TASKS, type TaskName } from '../../../workflows/tasks.ts';
import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import { type Schedules, type SchedulesLookedAt, timeOf } from '../schedules.ts';
import { askingConnection, closing, logErrors, PREFIX, within } from './connection.ts';

/** What a job that an operator asked for carries; a scheduler's own know their time from it. */
export type TaskJob = { scheduledFor?: string };
type Look = { config: Config; url: string; timeoutMs: number; logger: Logger };

const TIMEOUT_MS = 5_000;
/** BullMQ asks the worker's strategy for the pause where this is the type. */
const BACKOFF_TYPE = 'tasks';

/** Tasks wait in a queue of their own: never behind messages, and never before them. */
export const tasksQueueOf = (queueName: string) => `${queueName}-tasks`;

const jobOptions = (name: TaskName) =>
  ({
    attempts: TASK_POLICY[name].attempts,
    backoff: { type: BACKOFF_TYPE },
    removeOnComplete: { age: 14 * 86_400, count: 100 },
    removeOnFail: { age: 30 * 86_400, count: 100 },
    stackTraceLimit: 1,
    keepLogs: 0,
  }) satisfies JobsOptions;

/** One job scheduler a task. One that says the same is left alone: set anew it would forget a run that is due. */
export function createBullmqSchedules(queue: Queue<TaskJob>): Schedules {
  const call = <T>(promise: Promise<T>) => within(TIMEOUT_MS, 'a schedule', promise);

  return {
    async keep({ name, at }) {
      if (at === undefined) {
        await call(queue.removeJobScheduler(name));
        return;
      }
      const pattern = `${at.minute} ${at.hour} * * *`;
      const standing = await call(queue.getJobScheduler(name));
      const isSame = standing?.pattern === pattern && standing.tz === 'UTC';
      if (isSame && (await call(queue.getJob(`repeat:${name}:${standing.next}`))) !== undefined) return;
      const template = { name, data: {}, opts: jobOptions(name) };
      await call(queue.upsertJobScheduler(name, { pattern, tz: 'UTC' }, template));
    },

    async list() {
      const standing = await Promise.all(TASKS.map(name => call(queue.getJobScheduler(name))));
      return standing.flatMap((scheduler, i) => {
        if (scheduler === undefined) return [];
        const [minute, hour] = (scheduler.pattern ?? '').split(' ').map(Number);
        const next = scheduler.next === undefined ? undefined : new Date(scheduler.next);
        return [{ name: TASKS[i]!, at: timeOf({ hour: hour!, minute: minute! }), next, paused: false }];
      });
    },

    async run(name) {
      if ((await call(queue.getJobScheduler(name))) === undefined) return false;
      const scheduledFor = new Date().toISOString();
      await call(queue.add(name, { scheduledFor }, { ...jobOptions(name), deduplication: { id: name } }));
      return true;
    },
  };
}

/** The schedules, for who only asks. Throws where BullMQ's Redis does not answer in time. */
export async function lookAtBullmqSchedules({
  config,
  url,
  timeoutMs,
  logger,
}: Look): Promise<SchedulesLookedAt> {
  const queue = new Queue<TaskJob>(tasksQueueOf(config.pipeline.taskQueue), {
    connection: askingConnection(url),
    prefix: PREFIX,
    skipMetasUpdate: true,
  });
  logErrors(queue, 'schedules', logger);
  try {
    await within(timeoutMs, "the connection to BullMQ's Redis", queue.waitUntilReady());
  } catch (error) {
    await closing(queue);
    throw error;
  }
  const { list, run } = createBullmqSchedules(queue);
  return { list, run, close: () => closing(queue) };
}
