/** Builds a worker from the configuration, and closes it in reverse order of its making. */
import { createActivities } from '../../activities/index.ts';
import { createReprocessSteps } from '../../activities/reprocess.ts';
import { startAdminServer } from '../admin.ts';
import { createAuditWatch } from '../audit/watch.ts';
import type { Config } from '../config.ts';
import { startEngine } from '../engine.ts';
import { createLanguageDetector } from '../enrichment/language.ts';
import { createSentimentAnalyser } from '../enrichment/sentiment.ts';
import { createWorkerMetrics } from '../metrics.ts';
import { createLivePolicies } from '../moderation/live.ts';
import { createRoomJudge } from '../moderation/room-judge.ts';
import { createDispatcher } from '../pipeline/dispatcher.ts';
import { createFollower, createGiveUp } from '../pipeline/follow.ts';
import { createMembership } from '../pipeline/membership.ts';
import { createRunsWatch } from '../pipeline/runs-watch.ts';
import { createSetAside } from '../pipeline/set-aside.ts';
import { createModerationProvider } from '../provider/provider.ts';
import { createRejudge } from '../reprocess/rejudge.ts';
import { createRetentionWatch } from '../retention/watch.ts';
import { createGates } from '../rooms/gates.ts';
import { createIntake } from '../rooms/intake.ts';
import { createJanitor } from '../rooms/janitor.ts';
import { createMessageWindows } from '../rooms/message-windows.ts';
import { createOutcomes } from '../rooms/outcomes.ts';
import { whenReady } from '../rooms/redis.ts';
import { createRevisions } from '../rooms/revisions.ts';
import { createAccountStore } from '../store/account.ts';
import { migrate } from '../store/migrate.ts';
import { createPolicyStore } from '../store/policies.ts';
import { createReprocessStore } from '../store/reprocess.ts';
import { AUDIT_SHARE, auditOf } from './auditor.ts';
import { createRetention } from './retention.ts';
import { createShared, type Overrides, type Service, START_TIMEOUT_MS } from './shared.ts';
import { scheduleOf, tasksOf } from './tasks.ts';

/** A worker: the dispatcher, and the engine's worker that runs the steps. Resolves when it takes work. */
export async function createWorker(
  config: Config,
  overrides: Overrides = {},
): Promise<Service & { failed: Promise<never> }> {
  const { logger, closers, redisOf, redis, pool, scripts, log, store, ready } = await createShared(
    config,
    'worker',
    overrides,
  );
  await migrate(pool);
  const metrics = createWorkerMetrics();
  const outcomes = createOutcomes({ log, scripts });
  const policyStore = createPolicyStore(pool);
  const { since } = policyStore;
  const policies = closers.add('policies', createLivePolicies({ since, logger }), made => made.close());
  await policies.load();
  const analysers = {
    language: await createLanguageDetector(),
    judge: createRoomJudge(policies),
    sentiment: createSentimentAnalyser(),
  };
  const provider =
    config.provider &&
    closers.add('provider', createModerationProvider({ options: config.provider, metrics, logger }), made =>
      made.close(),
    );
  const real = createActivities({
    analysers,
    windows: createMessageWindows({ scripts }),
    provider,
    outcomes: overrides.outcomes?.(outcomes) ?? outcomes,
    store: overrides.store?.(store) ?? store,
    metrics,
    logger,
  });
  const runs = createReprocessStore(pool);
  const revisions = createRevisions({ log, redis, outcomes, options: config.log });
  const activities = {
    ...(overrides.steps?.(real) ?? real),
    ...createReprocessSteps({
      store: overrides.runs?.(runs) ?? runs,
      revisions: overrides.revisions?.(revisions) ?? revisions,
      rejudge: createRejudge({ policies: policyStore, ...analysers, logger }),
      metrics,
      logger,
    }),
  };
  const tasks = tasksOf({ config, closers });
  const schedule = scheduleOf({ tasks: overrides.tasks?.(tasks) ?? tasks, config, metrics, logger });
  const starting = startEngine({ config, activities, schedule, logger });
  const { engine, failed } = closers.add('engine', await starting, made => made.close());
  const reader = redisOf('intake');
  await whenReady(reader, START_TIMEOUT_MS);
  const intake = createIntake({ redis, reader });
  const { partitions } = config.log;
  const membershipDeps = { redis, logger, workerId: config.pipeline.workerId, partitions };
  const membership = closers.add('membership', createMembership(membershipDeps), made => made.close());
  await membership.renew();
  const janitorDeps = { redis, scripts, options: config.log, logger, owned: membership.owned };
  const gates = createGates({ redis, scripts, partitions, logger });
  closers.add('gates', gates, made => made.close());
  closers.add('janitor', createJanitor(janitorDeps), made => made.close());
  const elected = () => membership.owned().has(0);
  const { unfinished } = runs;
  closers.add('runs', createRunsWatch({ engine, unfinished, elected, logger }), made => made.close());
  if (config.auditMs > 0) {
    const watch = createAuditWatch({
      audit: auditOf({ config, redis, scripts, pool, engine, share: AUDIT_SHARE.own }),
      store: createAccountStore(pool),
      elected,
      everyMs: config.auditMs,
      metrics,
      logger,
    });
    closers.add('audit', watch, made => made.close());
  }
  const retention = createRetention({ config, redis, scripts, pool, log, engine, logger, metrics });
  const retentionWatch = createRetentionWatch({
    ...retention,
    store: retention.erasures,
    elected,
    logger,
  });
  closers.add('retention', retentionWatch, made => made.close());
  const setAside = createSetAside({ store, logger, metrics });
  const giveUp = createGiveUp(activities);
  const follower = closers.add('follower', createFollower({ engine, giveUp, metrics, logger }), made =>
    made.close(),
  );
  const dispatcher = createDispatcher({
    intake,
    engine,
    follower,
    membership,
    setAside,
    options: config.pipeline,
    metrics,
    logger,
  });
  const dispatching = dispatcher.run();
  closers.add('dispatcher', dispatcher, async made => {
    await made.close();
    await dispatching;
  });
  const refresh = async () => {
    const depth = await intake.depth(partitions);
    metrics.intakeDepth.set(depth.entries);
    metrics.intakeAge.set(depth.oldestMs / 1_000);
    metrics.unstored.set(depth.unstored);
  };
  const admin = await startAdminServer({
    port: config.workerAdminPort,
    registry: metrics.registry,
    refresh,
    ready,
  });
  closers.add('admin', admin, made => made.close());
  return { url: admin.url, failed, close: () => closers.close() };
}
