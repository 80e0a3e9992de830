/** Builds a gateway from the configuration, and closes it in reverse order of its making. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { payloadCodec, queueBoard } from '../engine.ts';
import { Unavailable } from '../errors.ts';
import { createFront } from '../front/front.ts';
import { createReleasing } from '../front/release.ts';
import { createJudges, type Judges } from '../judging/judges.ts';
import { createGatewayMetrics, type GatewayMetrics } from '../metrics.ts';
import { createLivePolicies } from '../moderation/live.ts';
import { inherit } from '../moderation/policy/compile.ts';
import { DEFAULT_POLICY } from '../moderation/policy/default.ts';
import { parsePolicy } from '../moderation/policy/parse.ts';
import type { Policy } from '../moderation/policy/types.ts';
import { createRedrive, REDRIVE_RESULTS } from '../pipeline/redrive.ts';
import { createRuns } from '../reprocess/runs.ts';
import { createAmend } from '../rooms/amend.ts';
import { createGates } from '../rooms/gates.ts';
import { createHub } from '../rooms/hub.ts';
import { createLimiter } from '../rooms/limiter.ts';
import { createPageCache } from '../rooms/page-cache.ts';
import { createPresence } from '../rooms/presence.ts';
import { createPutBack } from '../rooms/put-back.ts';
import { durabilityWarnings, whenReady } from '../rooms/redis.ts';
import { createSignals } from '../rooms/signals.ts';
import { createAccountStore } from '../store/account.ts';
import { createDigestStore } from '../store/digests.ts';
import { createErasureStore } from '../store/erasures.ts';
import { migrate } from '../store/migrate.ts';
import { moderationLog } from '../store/moderation-log.ts';
import { moderationQueue } from '../store/moderation-queue.ts';
import { createPolicyStore, type PolicyStore } from '../store/policies.ts';
import { createReprocessStore } from '../store/reprocess.ts';
import { createRetentionStore } from '../store/retention.ts';
import { createSanctionStore } from '../store/sanctions.ts';
import { createShared, type Overrides, type Service, type Shared, START_TIMEOUT_MS } from './shared.ts';

/** How often each room's log is compared with what arrived: a silent subscription is noticed within this. */
const HUB_CHECK_MS = 3_000;

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
  const webDir = fileURLToPath(new URL('../../dist/web', import.meta.url));
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
  const codec = await payloadCodec(config);
  const board = await queueBoard(config, logger);
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
    reprocessing: createRuns({
      store: createReprocessStore(pool),
      policies: { ...policies, parse: parsePolicy },
    }),
    moderation: {
      queue: (room, query) => moderationQueue(pool, room, query),
      log: (scope, query) => moderationLog(pool, scope, query),
      ...createSanctionStore(pool),
    },
    retention: createRetentionStore(pool),
    erasures: createErasureStore(pool),
    digests: createDigestStore(pool),
    releasing,
    ready,
    deadLetters: {
      store,
      redrive: createRedrive({ store, putBack: createPutBack({ log, options: config.log }) }),
      meaning: REDRIVE_RESULTS,
    },
    ...(codec ? { codec } : {}),
    ...(board ? { board: board.handler } : {}),
    ...(existsSync(webDir) ? { webDir } : {}),
  });
  closers.add('front', front, made => made.close());
  const { url } = await front.listen();
  return { url, drain: () => front.drain(), close: () => closers.close() };
}

type ReleasingParts = Pick<Shared, 'logger' | 'closers'> & {
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
