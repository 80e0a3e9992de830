/** From the intake to the engine: the dispatcher of a worker, and what follows its runs. */
import type { Steps } from '../../workflows/steps.ts';
import { createDispatcher } from '../pipeline/dispatcher.ts';
import type { Engine } from '../pipeline/engine.ts';
import { createFollower, createGiveUp } from '../pipeline/follow.ts';
import type { Membership } from '../pipeline/membership.ts';
import { createSetAside } from '../pipeline/set-aside.ts';
import { createIntake } from '../rooms/intake.ts';
import { whenReady } from '../rooms/redis.ts';
import type { WorkerParts } from './activities.ts';
import { START_TIMEOUT_MS } from './shared.ts';

type Parts = Omit<WorkerParts, 'overrides'> & { engine: Engine; activities: Steps; membership: Membership };

/** Starts it. `refresh` brings the gauges of what waits up to date. */
export async function startPipeline({ config, shared, metrics, engine, activities, membership }: Parts) {
  const { logger, closers, redisOf, redis, store } = shared;
  const reader = redisOf('intake');
  await whenReady(reader, START_TIMEOUT_MS);
  const intake = createIntake({ redis, reader });
  const giveUp = createGiveUp(activities);
  const follower = createFollower({ engine, giveUp, metrics, logger });
  closers.add('follower', follower, made => made.close());
  const setAside = createSetAside({ store, logger, metrics });
  const options = config.pipeline;
  const deps = { intake, engine, follower, membership, setAside, options, metrics, logger };
  const dispatcher = createDispatcher(deps);
  const dispatching = dispatcher.run();
  closers.add('dispatcher', dispatcher, async made => {
    await made.close();
    await dispatching;
  });
  return {
    async refresh() {
      const depth = await intake.depth(config.log.partitions);
      metrics.intakeDepth.set(depth.entries);
      metrics.intakeAge.set(depth.oldestMs / 1_000);
      metrics.unstored.set(depth.unstored);
    },
  };
}
