/** The tasks that run by the clock, and what they need. */
import { type Config, required } from '../config.ts';
import { createDigestTask } from '../digest/task.ts';
import type { Logger } from '../logger.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createTaskRunner, type Schedule, scheduleTable, type Tasks } from '../pipeline/schedules.ts';
import { createNightly } from '../reprocess/nightly.ts';
import { createDigestStore } from '../store/digests.ts';
import type { PolicyStore } from '../store/policies.ts';
import { createPool } from '../store/pool.ts';
import type { ReprocessStore } from '../store/reprocess.ts';
import type { Retention } from './retention.ts';
import type { Shared } from './shared.ts';

/** One statement of a task may last so long: it counts what a hundred rooms said in a day. */
const STATEMENT_MS = 60_000;

type TaskParts = {
  config: Config;
  closers: Shared['closers'];
  runs: ReprocessStore;
  policies: Pick<PolicyStore, 'newest'>;
  retention: Pick<Retention, 'purgeExpired'>;
};

/** Every task by name. The digest has a connection of its own, so that it never keeps a message waiting for one. */
export function tasksOf({ config, closers, runs, policies, retention }: TaskParts): Tasks {
  const databaseUrl = required(config.databaseUrl, 'DATABASE_URL');
  const options = { databaseUrl, size: 1, timeoutMs: STATEMENT_MS, name: 'tasks' };
  const pool = closers.add('postgres tasks', createPool(options), made => made.end());
  return {
    digest: createDigestTask({ store: createDigestStore(pool) }),
    nightly: createNightly({ store: runs, policies, days: config.nightlyDays }),
    purge: (_scheduledFor, signal) => retention.purgeExpired({ by: 'schedule', signal }),
  };
}

type ScheduleParts = { tasks: Tasks; config: Config; metrics: WorkerMetrics; logger: Logger };

export function scheduleOf({ tasks, config, metrics, logger }: ScheduleParts): Schedule {
  return {
    table: scheduleTable(config.schedules, tasks),
    runTask: createTaskRunner({ tasks, metrics, logger }),
  };
}
