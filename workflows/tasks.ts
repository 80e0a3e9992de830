/**
 * The tasks that run by the clock, and the one table of their timeouts and retries that every engine reads. Plain
 * data: this file is part of the workflow bundle.
 */

export const TASKS = ['digest', 'nightly', 'purge'] as const;
export type TaskName = (typeof TASKS)[number];

/** One run of a task. `scheduledFor` is the time that its schedule named, or when it was asked for, in ISO 8601. */
export type TaskRun = { name: TaskName; scheduledFor: string };
/** What a run tells operators: counts and days, never text. */
export type TaskReport = Record<string, number | string | boolean>;

export type TaskPolicy = {
  /** One line for operators. */
  summary: string;
  /** One attempt may last this long. */
  timeoutMs: number;
  /** Then the run has failed, and the next one is that of the schedule. */
  attempts: number;
  firstRetryMs: number;
  maxRetryMs: number;
};

const HOUR_MS = 3_600_000;
const PATIENCE = { attempts: 30, firstRetryMs: 1_000, maxRetryMs: 300_000 };

export const TASK_POLICY: Record<TaskName, TaskPolicy> = {
  digest: { summary: 'Counts the finished days of every room', timeoutMs: HOUR_MS, ...PATIENCE },
  nightly: { summary: 'Re-runs what older policies decided', timeoutMs: 12 * HOUR_MS, ...PATIENCE },
  purge: { summary: 'Removes what is older than rooms keep', timeoutMs: 6 * HOUR_MS, ...PATIENCE },
};

/** A worker that is silent for so long is taken for dead, and its run goes to another one. */
export const TASK_HEARTBEAT = { everyMs: 5_000, timeoutMs: 30_000 };
/** What a schedule missed while the engine was away is made up for within this. */
export const CATCH_UP_MS = 24 * HOUR_MS;
/** Of 1 to 5, the last to be served: messages go before. */
export const TASK_PRIORITY = 5;
