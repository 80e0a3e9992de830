import { Context } from '@temporalio/activity';
import type { PayloadCodec } from '@temporalio/common';
import { DefaultLogger, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { HEARTBEAT } from '../../../workflows/reprocess-flow.ts';
import { TASK_HEARTBEAT, type TaskRun } from '../../../workflows/tasks.ts';
import type { Logger } from '../../logger.ts';
import type { Activities } from '../engine.ts';
import type { TaskRunner } from '../schedules.ts';
import { beating } from './beating.ts';
import { workflowBundle } from './bundle.ts';

type Deps = {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  identity: string;
  activities: Partial<Activities>;
  runTask?: TaskRunner;
  codec: PayloadCodec;
  shutdownMs: number;
  logger: Logger;
};

/** Sends the SDK's own logs through ours and leaves signals to the entry. Once a process, before anything else. */
export function installTemporalRuntime(logger: Logger) {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const { error, taskToken: _taskToken, ...rest } = meta ?? {};
      logger[levels[level]]({ temporal: rest, ...(error === undefined ? {} : { error }) }, message);
    }),
    shutdownSignals: [],
  });
}

/** Runs the flow and its steps for Temporal. `shutdown` lets what is under way end, within `shutdownMs`. */
export async function createTemporalWorker(deps: Deps): Promise<Worker> {
  const { connection, namespace, taskQueue, identity, activities, runTask, codec, shutdownMs, logger } = deps;
  const { reprocess } = activities;
  const task = runTask && ((run: TaskRun) => runTask(run, Context.current().cancellationSignal));
  return await Worker.create({
    connection,
    namespace,
    taskQueue,
    identity,
    activities: {
      ...activities,
      ...(reprocess && { reprocess: beating(reprocess, HEARTBEAT.everyMs) }),
      ...(task && { runTask: beating(task, TASK_HEARTBEAT.everyMs) }),
    },
    dataConverter: { payloadCodecs: [codec] },
    workflowBundle: await workflowBundle(logger),
    shutdownGraceTime: shutdownMs * 0.7,
    shutdownForceTime: shutdownMs * 0.9,
    // Runs are short and end in one workflow task, on the non-sticky queue.
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    maxCachedWorkflows: 200,
  });
}
