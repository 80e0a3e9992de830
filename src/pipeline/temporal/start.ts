import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { Activities, RunningEngine } from '../engine.ts';
import { createScheduleKeeper, type Schedule } from '../schedules.ts';
import { createTemporalEngine } from './client.ts';
import { createPayloadCodec } from './codec.ts';
import { connectTemporal, registerSearchAttributes } from './connection.ts';
import { createTemporalSchedules } from './schedules.ts';
import { createTemporalWorker, installTemporalRuntime } from './worker.ts';

type Options = {
  config: Config;
  address: string;
  activities: Activities;
  schedule: Schedule;
  logger: Logger;
};

/** Connects to Temporal, for as long as that takes, and starts its worker. */
export async function startTemporal({
  config,
  address,
  activities,
  schedule,
  logger,
}: Options): Promise<RunningEngine> {
  installTemporalRuntime(logger);
  const { taskQueue, workerId: identity } = config.pipeline;
  const { temporalNamespace: namespace, shutdownMs } = config;
  const connection = await connectTemporal({ address, logger, signal: new AbortController().signal });
  const searchable = await registerSearchAttributes(connection, namespace, logger);
  const codec = createPayloadCodec(config.payloadKeys);
  const shared = { connection, namespace, taskQueue, codec, logger };
  const worker = await createTemporalWorker({
    ...shared,
    ...{ identity, activities, runTask: schedule.runTask, shutdownMs },
  });
  const running = worker.run();
  const engine = createTemporalEngine({ ...shared, searchable });
  const schedules = createTemporalSchedules(shared);
  const keeper = createScheduleKeeper({ schedules, table: schedule.table, logger });
  return {
    engine,
    failed: running.then(() => new Promise<never>(() => {})),
    async close() {
      await keeper.close();
      await engine.close();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running.catch(() => undefined);
      await connection.close();
    },
  };
}
