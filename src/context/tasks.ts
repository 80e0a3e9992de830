/** The tasks that run by the clock, and what they need. */
import { type Config, required } from '../config.ts';
import { createDigestTask } from '../digest/task.ts';
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createTaskRunner, type Schedule, scheduleTable, type Tasks } from '../pipeline/schedules.ts';
import { createDigestStore } from '../store/digests.ts';
import { createPool } from '../store/pool.ts';
import type { Shared } from './shared.ts';

/** One statement of a task may last so long: it counts what a hundred rooms said in a day. */
const STATEMENT_MS = 60_000;

/** Every task by name. They have a connection of their own, so that they never keep a message waiting for one. */
export function tasksOf({ config, closers }: { config: Config; closers: Shared['closers'] }): Tasks {
  const databaseUrl = required(config.databaseUrl, 'DATABASE_URL');
  const options = { databaseUrl, size: 1, timeoutMs: STATEMENT_MS, name: 'tasks' };
  const pool = closers.add('postgres tasks', createPool(options), made => made.end());
  return { digest: createDigestTask({ store: createDigestStore(pool) }) };
}

type ScheduleParts = { tasks: Tasks; config: Config; metrics: WorkerMetrics; logger: Logger };

export function scheduleOf({ tasks, config, metrics, logger }: ScheduleParts): Schedule {
  return {
    table: scheduleTable(config.schedules, tasks),
    runTask: createTaskRunner({ tasks, metrics, logger }),
  };
}
