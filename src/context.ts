/**
 * The composition root: builds the parts of a gateway or a worker from the configuration, and closes them in
 * reverse order of their making. Overrides are the only seam for tests.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createActivities } from '../activities/index.ts';
import type { Steps } from '../workflows/steps.ts';
import { startAdminServer } from './admin.ts';
import { createAudit, type Extent } from './audit/audit.ts';
import type { Report } from './audit/report.ts';
import { createSetAsideDropped } from './audit/set-aside.ts';
import { createAuditWatch } from './audit/watch.ts';
import { type Config, required } from './config.ts';
import { lookAtEngine, queueBoard, startEngine } from './engine.ts';
import { createLanguageDetector } from './enrichment/language.ts';
import { createSentimentAnalyser } from './enrichment/sentiment.ts';
import { Unavailable } from './errors.ts';
import { createFront } from './front/front.ts';
import { createReleasing } from './front/release.ts';
import { createJudges, type Judges } from './judging/judges.ts';
import { createLogger, type Logger } from './logger.ts';
import { createGatewayMetrics, createWorkerMetrics, type GatewayMetrics } from './metrics.ts';
import { createLivePolicies } from './moderation/live.ts';
import { inherit } from './moderation/policy/compile.ts';
import { DEFAULT_POLICY } from './moderation/policy/default.ts';
import { parsePolicy } from './moderation/policy/parse.ts';
import type { Policy } from './moderation/policy/types.ts';
import { createRoomJudge } from './moderation/room-judge.ts';
import { createDispatcher } from './pipeline/dispatcher.ts';
import type { LookedAt } from './pipeline/engine.ts';
import { createFollower, createGiveUp } from './pipeline/follow.ts';
import { createMembership } from './pipeline/membership.ts';
import { createRedrive, REDRIVE_RESULTS } from './pipeline/redrive.ts';
import { createSetAside } from './pipeline/set-aside.ts';
import { createAccountLog } from './rooms/account.ts';
import { createAmend } from './rooms/amend.ts';
import { createGates } from './rooms/gates.ts';
import { createHub } from './rooms/hub.ts';
import { createIntake } from './rooms/intake.ts';
import { createJanitor } from './rooms/janitor.ts';
import { createLimiter } from './rooms/limiter.ts';
import { createMessageWindows } from './rooms/message-windows.ts';
import { createOutcomes, type Outcomes } from './rooms/outcomes.ts';
import { createPageCache } from './rooms/page-cache.ts';
import { createPartitions } from './rooms/partitions.ts';
import { createPresence } from './rooms/presence.ts';
import { createPutBack } from './rooms/put-back.ts';
import { connectRedis, durabilityWarnings, whenReady } from './rooms/redis.ts';
import { createRoomLog, parseState } from './rooms/room-log.ts';
import { createScripts } from './rooms/scripts.ts';
import { createSignals } from './rooms/signals.ts';
import { createAccountStore } from './store/account.ts';
import { createEpochStore } from './store/epochs.ts';
import { createMessageStore, type MessageStore } from './store/messages.ts';
import { migrate } from './store/migrate.ts';
import { moderationLog } from './store/moderation-log.ts';
import { moderationQueue } from './store/moderation-queue.ts';
import { createPolicyStore, type PolicyStore } from './store/policies.ts';
import { createPool } from './store/pool.ts';
import { createSanctionStore } from './store/sanctions.ts';

export type Overrides = {
  logger?: Logger;
  /** Stand before what the steps use, and before the steps. */
  outcomes?: (real: Outcomes) => Outcomes;
  store?: (real: MessageStore) => MessageStore;
  steps?: (real: Steps) => Steps;
};
export type Service = { url: string; close(): Promise<void> };

/** How often each room's log is compared with what arrived: a silent subscription is noticed within this. */
const HUB_CHECK_MS = 3_000;
const START_TIMEOUT_MS = 20_000;
/** An audit lets entries be under way for this long; by itself it takes a tenth of the time, else half of it. */
const AUDIT_GRACE_MS = 5_000;
const AUDIT_SHARE = { own: 0.1, asked: 0.5 };

/** Closes in reverse order of `add`, each once, whatever another one throws. */
function createClosers(logger: Logger) {
  const closers: { name: string; close: () => unknown }[] = [];
  return {
    add: <T>(name: string, part: T, close: (part: T) => unknown): T => {
      closers.push({ name, close: () => close(part) });
      return part;
    },
    async close() {
      for (let closer = closers.pop(); closer; closer = closers.pop()) {
        try {
          await closer.close();
        } catch (error) {
          logger.warn({ name: closer.name, error }, 'a part did not close cleanly');
        }
      }
    },
  };
}

/** What gateways and workers share: Redis, Postgres, the room log. */
async function createShared(config: Config, part: string, overrides: Overrides) {
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, part });
  const closers = createClosers(logger);
  const redisOf = (name: string) => {
    const options = {
      url: required(config.redisUrl, 'REDIS_URL'),
      timeoutMs: config.redisTimeoutMs,
      name,
      logger,
    };
    return closers.add(`redis ${name}`, connectRedis(options), redis => redis.disconnect());
  };
  const pool = closers.add(
    'postgres',
    createPool({
      databaseUrl: required(config.databaseUrl, 'DATABASE_URL'),
      size: config.databasePoolSize,
      timeoutMs: config.databaseTimeoutMs,
      name: part,
    }),
    made => made.end(),
  );
  const redis = redisOf(part);
  await whenReady(redis, START_TIMEOUT_MS);
  const scripts = createScripts(redis);
  const epochs = createEpochStore(pool);
  const partitions = createPartitions({ redis, scripts, epochs, logger, count: config.log.partitions });
  await partitions.checkLayout();
  const log = createRoomLog({ scripts, partitions, epochs, options: config.log, logger });
  const store = createMessageStore(pool);
  /** Each part by name, as the health calls show it. */
  const ready = async (): Promise<Record<string, string>> => ({
    redis: redis.status === 'ready' ? 'ok' : 'Redis does not answer',
  });
  return { logger, closers, redisOf, redis, pool, scripts, log, store, ready };
}

/** A gateway that listens. Throws where it cannot start. */
export async function createGateway(
  config: Config,
  overrides: Overrides = {},
): Promise<Service & { drain(): Promise<void> }> {
  const shared = await createShared(config, 'gateway', overrides);
  const { logger, closers, redis, redisOf, scripts, log, store, ready, pool } = shared;
  for (const warning of await durabilityWarnings(redis)) logger.warn(warning);
  await migrate(pool).catch(error =>
    logger.warn({ error }, 'Postgres does not answer yet: history waits for it'),
  );
  const metrics = createGatewayMetrics();
  const subscriber = redisOf('subscriber');
  await whenReady(subscriber, START_TIMEOUT_MS);
  const hub = closers.add(
    'hub',
    createHub({ log, subscriber, logger, metrics, checkMs: HUB_CHECK_MS }),
    made => made.close(),
  );
  const presenceDeps = { redis, scripts, logger, partitions: config.log.partitions };
  const presence = closers.add('presence', createPresence(presenceDeps), made => made.close());
  const webDir = fileURLToPath(new URL('../dist/web', import.meta.url));
  const amend = createAmend({
    log,
    options: config.log,
    state: (room, id) => redis.hget(log.keysOf(room).state, String(id)),
    stored: (room, id) => store.byId(room, id),
  });
  const { sendPerSecond: perSecond, sendBurst: burst } = config.limits;
  const { partitions } = config.log;
  const limiter = createLimiter({ redis, scripts, rate: { perSecond, burst }, partitions, logger });
  const pages = createPageCache({ log, scripts, redis, logger });
  const board = queueBoard(config, logger);
  if (board) closers.add('board', board, made => made.close());
  const policies = createPolicyStore(pool);
  const releasing = await releasingBy({ policies, metrics, logger, closers });
  const gates = createGates({ redis, scripts, partitions, logger });
  closers.add('gates', gates, made => made.close());
  const front = createFront({
    config,
    logger,
    metrics,
    redis,
    log: { append: log.append, ...pages },
    amend,
    signals: createSignals({ redis, partitions: config.log.partitions }),
    limiter,
    hub,
    presence,
    store,
    audited: () =>
      createAccountStore(pool)
        .newest()
        .catch(error => {
          throw new Unavailable('the newest audit cannot be read', { cause: error });
        }),
    policies: {
      store: policies,
      builtin: DEFAULT_POLICY,
      parse: parsePolicy,
      inherit: (room, from) => inherit(room as Policy, from as Policy),
    },
    moderation: {
      queue: (room, query) => moderationQueue(pool, room, query),
      log: (scope, query) => moderationLog(pool, scope, query),
      ...createSanctionStore(pool),
    },
    releasing,
    ready,
    deadLetters: {
      store,
      redrive: createRedrive({ store, putBack: createPutBack({ log, options: config.log }) }),
      meaning: REDRIVE_RESULTS,
    },
    ...(board ? { board: board.handler } : {}),
    ...(existsSync(webDir) ? { webDir } : {}),
  });
  closers.add('front', front, made => made.close());
  const { url } = await front.listen();
  return { url, drain: () => front.drain(), close: () => closers.close() };
}

type ReleasingParts = Pick<Awaited<ReturnType<typeof createShared>>, 'logger' | 'closers'> & {
  policies: PolicyStore;
  metrics: GatewayMetrics;
};

/** How rooms release messages; while Postgres has not answered yet as the built-in policy does. */
async function releasingBy({ policies: { since }, metrics, logger, closers }: ReleasingParts) {
  let judges: Judges | undefined;
  const onNews = ({ release }: Policy) => {
    if (release?.mode === 'inline') judges?.warm();
  };
  const policies = closers.add('policies', createLivePolicies({ since, logger, onNews }), made =>
    made.close(),
  );
  judges = closers.add('judges', createJudges({ policies, logger }), made => made.close());
  await policies
    .load()
    .catch(error =>
      logger.warn({ error }, 'policies cannot be read yet: rooms release as the built-in one says'),
    );
  return createReleasing({ policies, judge: judges.judge, metrics });
}

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
  const { since } = createPolicyStore(pool);
  const policies = closers.add('policies', createLivePolicies({ since, logger }), made => made.close());
  await policies.load();
  const analysers = {
    language: await createLanguageDetector(),
    judge: createRoomJudge(policies),
    sentiment: createSentimentAnalyser(),
  };
  const real = createActivities({
    analysers,
    windows: createMessageWindows({ scripts }),
    outcomes: overrides.outcomes?.(outcomes) ?? outcomes,
    store: overrides.store?.(store) ?? store,
    metrics,
    logger,
  });
  const activities = overrides.steps?.(real) ?? real;
  const { engine, failed } = closers.add('engine', await startEngine({ config, activities, logger }), made =>
    made.close(),
  );
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
  if (config.auditMs > 0) {
    const watch = createAuditWatch({
      audit: auditOf({ config, redis, scripts, pool, engine, share: AUDIT_SHARE.own }),
      store: createAccountStore(pool),
      elected: () => membership.owned().has(0),
      everyMs: config.auditMs,
      metrics,
      logger,
    });
    closers.add('audit', watch, made => made.close());
  }
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

type AuditParts = Pick<Awaited<ReturnType<typeof createShared>>, 'redis' | 'scripts' | 'pool'> & {
  config: Config;
  engine: Pick<LookedAt, 'unfinished'>;
  share: number;
};

function auditOf({ config, redis, scripts, pool, engine, share }: AuditParts) {
  return createAudit({
    log: createAccountLog({ redis, scripts, partitions: config.log.partitions }),
    store: createAccountStore(pool),
    engine,
    options: { share, graceMs: AUDIT_GRACE_MS },
  });
}

/** An audit from outside, beside whatever runs. Throws where a part does not answer within 20 s. */
export async function createAuditor(
  config: Config,
  overrides: Overrides = {},
): Promise<{
  run(extent?: Extent): Promise<Report>;
  setAside(report: Report): Promise<number>;
  close(): Promise<void>;
}> {
  const { logger, closers, redis, scripts, pool, log, store } = await createShared(
    config,
    'audit',
    overrides,
  );
  const engine = await lookAtEngine({ config, logger, timeoutMs: START_TIMEOUT_MS }).catch(async error => {
    await closers.close();
    throw error;
  });
  closers.add('engine', engine, made => made.close());
  const audit = auditOf({ config, redis, scripts, pool, engine, share: AUDIT_SHARE.asked });
  const setAside = createSetAsideDropped({
    async message(room, id) {
      const value = await redis.hget(log.keysOf(room).state, String(id));
      return value === null ? undefined : parseState(value);
    },
    store,
    settle: createOutcomes({ log, scripts }).settle,
  });
  return {
    setAside: ({ findings }) => setAside(findings),
    async run(extent = { scope: 'all' }) {
      const report = await audit.run(extent);
      await createAccountStore(pool).save(report.scope, report);
      return report;
    },
    close: () => closers.close(),
  };
}
