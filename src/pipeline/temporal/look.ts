import { Client } from '@temporalio/client';
import type { Config } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { LookedAt } from '../engine.ts';
import { createPayloadCodec } from './codec.ts';
import { connectTemporal } from './connection.ts';
import { keptRuns } from './kept.ts';
import { unfinishedRuns } from './unfinished.ts';
import { installTemporalRuntime } from './worker.ts';

type Options = { config: Config; address: string; timeoutMs: number; logger: Logger };

/** The runs, for who only asks. Throws where Temporal does not answer in time. */
export async function lookAtTemporal({ config, address, timeoutMs, logger }: Options): Promise<LookedAt> {
  installTemporalRuntime(logger);
  const signal = AbortSignal.timeout(timeoutMs);
  const connection = await connectTemporal({ address, logger, signal }).catch(error => {
    throw new Error('Temporal does not answer', { cause: error });
  });
  const { temporalNamespace: namespace, pipeline } = config;
  const codec = createPayloadCodec(config.payloadKeys);
  const client = new Client({ connection, namespace });
  return {
    unfinished: () => unfinishedRuns({ client, namespace, taskQueue: pipeline.taskQueue, codec }),
    kept: () => keptRuns(client, namespace),
    close: () => connection.close(),
  };
}
