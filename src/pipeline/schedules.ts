/** Tasks that run by the clock: what they are, the port that both engines implement, and what they share. */
import { setTimeout as delay } from 'node:timers/promises';
import { TASK_POLICY, TASKS, type TaskName, type TaskReport, type TaskRun } from '../../workflows/tasks.ts';
import type { TimeOfDay } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';

/**
 * A task may be repeated at will, for the same time too. It ends soon after the signal, by throwing. Where it throws
 * it is tried again, as `TASK_POLICY` says.
 */
export type Task = (scheduledFor: Date, signal: AbortSignal) => Promise<TaskReport>;
export type Tasks = Partial<Record<TaskName, Task>>;

/** When a task runs, every day by UTC; without `at` never. */
export type ScheduleEntry = { name: TaskName; at: TimeOfDay | undefined };
/** A schedule as the engine has it. */
export type StandingSchedule = { name: TaskName; at: string; next: Date | undefined; paused: boolean };

/** What an engine makes of the table. Everything throws where it does not answer in time. */
export type Schedules = {
  /** Brings the engine's schedule in line with the entry. Many workers may do so at once; one schedule stands. */
  keep(entry: ScheduleEntry): Promise<void>;
  list(): Promise<StandingSchedule[]>;
  /** Runs a task now, beside its schedule and not twice at once; false where it has no schedule. */
  run(name: TaskName): Promise<boolean>;
};

/** The schedules, for who only asks. */
export type SchedulesLookedAt = Pick<Schedules, 'list' | 'run'> & { close(): Promise<void> };

/** Every task by name; one that is not given is switched off. */
export function scheduleTable(times: Record<TaskName, TimeOfDay | undefined>, tasks: Tasks): ScheduleEntry[] {
  return TASKS.map(name => ({ name, at: tasks[name] === undefined ? undefined : times[name] }));
}

const two = (number: number) => String(number).padStart(2, '0');
export const timeOf = ({ hour, minute }: TimeOfDay) => `${two(hour)}:${two(minute)}`;
/** The entry in words, by which an engine's schedule is compared with the table. */
export const wordsOf = (name: TaskName, at: TimeOfDay) =>
  `${TASK_POLICY[name].summary}, every day at ${timeOf(at)} UTC`;

/** What a worker is given: when the tasks run, and what runs them. */
export type Schedule = { table: ScheduleEntry[]; runTask: TaskRunner };

type KeeperDeps = { schedules: Pick<Schedules, 'keep'>; table: ScheduleEntry[]; logger: Logger };

const RETRY = { firstMs: 500, maxMs: 30_000 };
/** A call that is under way may take longer than a worker has. */
const CLOSE_MS = 500;

/** Keeps the table in the engine: once, in the background, for as long as that takes or until it is closed. */
export function createScheduleKeeper({ schedules, table, logger }: KeeperDeps) {
  const stop = new AbortController();
  const { signal } = stop;

  async function insist(entry: ScheduleEntry) {
    for (let wait = RETRY.firstMs; !signal.aborted; wait = Math.min(wait * 2, RETRY.maxMs)) {
      try {
        return await schedules.keep(entry);
      } catch (error) {
        logger.warn({ task: entry.name, error }, 'a schedule could not be set yet');
        await delay(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  const keeping = Promise.all(table.map(insist));
  return {
    async close() {
      stop.abort();
      await Promise.race([keeping, delay(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

type RunnerDeps = { tasks: Tasks; metrics: Pick<WorkerMetrics, 'tasks'>; logger: Logger };
export type TaskRunner = (run: TaskRun, signal: AbortSignal) => Promise<TaskReport>;

/** Runs one attempt of a task, counted and logged. Throws what the task does. */
export function createTaskRunner({ tasks, metrics, logger }: RunnerDeps): TaskRunner {
  return async ({ name, scheduledFor }, signal) => {
    const task = tasks[name];
    if (task === undefined) throw new Error(`this worker has no task ${name}`);
    try {
      const report = await task(new Date(scheduledFor), signal);
      metrics.tasks.inc({ task: name, outcome: 'done' });
      logger.info({ task: name, scheduledFor, report }, 'a scheduled task is done');
      return report;
    } catch (error) {
      metrics.tasks.inc({ task: name, outcome: 'failed' });
      logger.warn({ task: name, scheduledFor, error }, 'a scheduled task failed');
      throw error;
    }
  };
}
