import { setTimeout as delay } from 'node:timers/promises';
import { Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { type PayloadCodec, WorkflowNotFoundError } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { messageBatch, reprocess } from '../../../workflows/index.ts';
import type { Batch } from '../../../workflows/steps.ts';
import type { Logger } from '../../logger.ts';
import type { Engine, RunEnd } from '../engine.ts';
import { listed, roomsOf, summaryOf } from '../summary.ts';
import { SEARCH } from './connection.ts';
import { keptRuns } from './kept.ts';
import { unfinishedRuns } from './unfinished.ts';

type Deps = {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  /** Whether the cluster knows our search attributes. */
  searchable: boolean;
  codec: PayloadCodec;
  logger: Logger;
};

const START_TIMEOUT_MS = 5_000;
const RETRY_MS = 1_000;
/** A search attribute's value ends at 2 KB; room names have 64 bytes at most. */
const MAX_SEARCH_ROOMS = 25;

/** Starts the flow as Temporal workflows, eagerly where the worker shares this connection. */
export function createTemporalEngine(deps: Deps): Engine {
  const { connection, namespace, taskQueue, searchable, codec, logger } = deps;
  const client = new Client({ connection, namespace, dataConverter: { payloadCodecs: [codec] } });
  const closed = new AbortController();

  /** The newest run of the id: somebody else may have started it anew. */
  async function ended(workflowId: string, timeoutMs: number): Promise<RunEnd | undefined> {
    const until = Date.now() + timeoutMs;
    while (!closed.signal.aborted) {
      try {
        await client.withAbortSignal(closed.signal, () =>
          client.withDeadline(until, () => client.workflow.getHandle(workflowId).result()),
        );
        return 'done';
      } catch (error) {
        // Forgotten by a cluster that lost its data: as good as ended.
        if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError) {
          logger.warn({ batch: workflowId, error }, 'a run has failed');
          return 'lost';
        }
        if (Date.now() + RETRY_MS > until) return undefined;
        await delay(RETRY_MS, undefined, { signal: closed.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  return {
    async start(batch) {
      try {
        await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
          client.workflow.start<typeof messageBatch>('messageBatch', {
            workflowId: batch.id,
            taskQueue,
            args: [batch],
            requestEagerStart: true,
            workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
            workflowIdConflictPolicy: 'FAIL',
            staticSummary: summaryOf(batch),
            ...(searchable ? { typedSearchAttributes: searchAttributes(batch) } : {}),
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      return { ended: timeoutMs => ended(batch.id, timeoutMs) };
    },
    unfinished: () => unfinishedRuns({ client, namespace, taskQueue, codec }),
    async reprocess({ run, rooms = [] }) {
      await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
        client.workflow.signalWithStart<typeof reprocess>('reprocess', {
          workflowId: `reprocess-${run}`,
          taskQueue,
          args: [{ run }],
          signal: 'wake',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary: `Run ${run} over the history of ${rooms.length === 0 ? 'all rooms' : listed(rooms)}`,
          ...(searchable ? { typedSearchAttributes: [searchedRooms(rooms)] } : {}),
          priority: { priorityKey: 5 },
        }),
      );
    },
    kept: () => keptRuns(client, namespace),
    async close() {
      closed.abort();
    },
  };
}

const searchedRooms = (rooms: string[]) => ({ key: SEARCH.rooms, value: rooms.slice(0, MAX_SEARCH_ROOMS) });

function searchAttributes(batch: Batch) {
  return [searchedRooms(roomsOf(batch)), { key: SEARCH.messages, value: batch.submissions.length }];
}
