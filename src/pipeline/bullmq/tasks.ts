import { setTimeout as delay } from 'node:timers/promises';
import { type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import { NEVER_AGAIN, pauseMs } from '../../../workflows/steps.ts';
import { TASK_POLICY, type TaskName, type TaskReport } from '../../../workflows/tasks.ts';
import type { Logger } from '../../logger.ts';
import { createScheduleKeeper, type Schedule, type TaskRunner } from '../schedules.ts';
import { timely } from './attempts.ts';
import { closing, connectQueue, logErrors, PREFIX, within, workingConnection } from './connection.ts';
import { createBullmqSchedules, type TaskJob, tasksQueueOf } from './schedules.ts';

type Options = {
  url: string;
  queueName: string;
  identity: string;
  schedule: Schedule;
  shutdownMs: number;
  logger: Logger;
};

/** A dead worker's run is taken over within about half a minute, any number of times. */
const STALLS = {
  lockDuration: 20_000,
  stalledInterval: 10_000,
  maxStalledCount: Number.MAX_SAFE_INTEGER,
} as const;
/** Of `shutdownMs`: runs are interrupted then, and given back. */
const [GRACE, LEFT_BEHIND] = [0.3, 0.5];

/** The schedules of the tasks, and the worker that runs them, one a task at most. */
export async function startTasks({ url, queueName, identity, schedule, shutdownMs, logger }: Options) {
  const queue = await connectQueue<TaskJob>({ url, name: tasksQueueOf(queueName), logger });
  const schedules = createBullmqSchedules(queue);
  const process = (job: Job<TaskJob>, _token: string | undefined, signal?: AbortSignal) =>
    runJob(job, { queue, runTask: schedule.runTask, signal: signal ?? new AbortController().signal });
  const worker = new Worker<TaskJob, TaskReport>(queue.name, process, {
    connection: workingConnection(url),
    prefix: PREFIX,
    name: identity,
    concurrency: schedule.table.length,
    ...STALLS,
    runRetryDelay: 1_000,
    autorun: false,
    settings: {
      backoffStrategy: (attempts, _type, _error, job) =>
        pauseMs(TASK_POLICY[job?.name as TaskName], attempts),
    },
  });
  logErrors(worker, 'tasks', logger);
  const running = worker.run();
  await worker.waitUntilReady();
  const keeper = createScheduleKeeper({ schedules, table: schedule.table, logger });
  return {
    running,
    async close() {
      await keeper.close();
      const closed = worker.close();
      const interrupting = setTimeout(() => worker.cancelAllJobs('shutdown'), shutdownMs * GRACE);
      await within(shutdownMs * LEFT_BEHIND, 'shutdown', closed).catch(async error => {
        logger.warn({ error }, 'tasks are left to another worker');
        await Promise.race([worker.disconnect(), delay(shutdownMs * 0.05)]);
      });
      clearTimeout(interrupting);
      await closing(queue);
    },
  };
}

type Run = { queue: Queue<TaskJob>; runTask: TaskRunner; signal: AbortSignal };

async function runJob(job: Job<TaskJob>, { queue, runTask, signal }: Run): Promise<TaskReport> {
  const name = job.name as TaskName;
  if (await isUnderWay(queue, job)) return { skipped: 'another run is under way' };
  const dueMs = job.opts.prevMillis ?? job.timestamp;
  const scheduledFor = job.data.scheduledFor ?? new Date(dueMs).toISOString();
  const over = new AbortController();
  const task = runTask({ name, scheduledFor }, AbortSignal.any([signal, over.signal]));
  try {
    return await timely(task, TASK_POLICY[name].timeoutMs, signal);
  } catch (error) {
    const kind = error instanceof Error ? error.name : 'Error';
    throw kind === NEVER_AGAIN ? new UnrecoverableError(kind) : new Error(kind);
  } finally {
    over.abort();
  }
}

/** True where another job of the task was begun before. */
async function isUnderWay(queue: Queue<TaskJob>, job: Job<TaskJob>): Promise<boolean> {
  const begun = ({ processedOn = 0, id }: Job<TaskJob>) => [processedOn, id ?? ''] as const;
  const [ownTime, ownId] = begun(job);
  const others = await queue.getActive();
  return others.some(other => {
    if (other?.name !== job.name || other.id === job.id) return false;
    const [time, id] = begun(other);
    return time < ownTime || (time === ownTime && id < ownId);
  });
}
