/** Builds a worker from the configuration, and closes it in reverse order of its making. */
import { startAdminServer } from '../admin.ts';
import type { Config } from '../config.ts';
import { startEngine } from '../engine.ts';
import { createWorkerMetrics } from '../metrics.ts';
import type { Engine } from '../pipeline/engine.ts';
import { createMembership } from '../pipeline/membership.ts';
import { migrate } from '../store/migrate.ts';
import { activitiesOf } from './activities.ts';
import { startPipeline } from './pipeline.ts';
import { createRetention } from './retention.ts';
import { createShared, type Overrides, type Service } from './shared.ts';
import { scheduleOf, tasksOf } from './tasks.ts';
import { startWatches } from './watches.ts';

/** A worker: the dispatcher, and the engine's worker that runs the steps. Resolves when it takes work. */
export async function createWorker(
  config: Config,
  overrides: Overrides = {},
): Promise<Service & { failed: Promise<never> }> {
  const shared = await createShared(config, 'worker', overrides);
  const { logger, closers, redis, pool, ready } = shared;
  await migrate(pool);
  const metrics = createWorkerMetrics();
  const parts = { config, shared, metrics };
  const { activities, runs, policies } = await activitiesOf({ ...parts, overrides });
  // The engine's worker takes tasks as soon as it runs, and one of them purges.
  let engine: Engine | undefined;
  const kept = () => engine!.kept();
  const retention = createRetention({ ...shared, config, engine: { kept }, metrics });
  const tasks = tasksOf({ config, closers, runs, policies, retention });
  const schedule = scheduleOf({ tasks: overrides.tasks?.(tasks) ?? tasks, config, metrics, logger });
  const starting = startEngine({ config, activities, schedule, logger });
  const running = closers.add('engine', await starting, made => made.close());
  engine = running.engine;
  const { workerId } = config.pipeline;
  const dealing = createMembership({ redis, logger, workerId, partitions: config.log.partitions });
  const membership = closers.add('membership', dealing, made => made.close());
  await membership.renew();
  startWatches({ ...parts, engine, membership, runs, retention });
  const { refresh } = await startPipeline({ ...parts, engine, activities, membership });
  const { registry } = metrics;
  const admin = await startAdminServer({ port: config.workerAdminPort, registry, refresh, ready });
  closers.add('admin', admin, made => made.close());
  return { url: admin.url, failed: running.failed, close: () => closers.close() };
}
