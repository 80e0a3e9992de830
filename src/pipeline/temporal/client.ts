import { Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { messageBatch } from '../../../workflows/index.ts';
import type { Batch } from '../../../workflows/steps.ts';
import type { Logger } from '../../logger.ts';
import type { Engine } from '../engine.ts';
import { SEARCH } from './connection.ts';

type Deps = {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  /** Whether the cluster knows our search attributes. */
  searchable: boolean;
  logger: Logger;
};

const START_TIMEOUT_MS = 5_000;
/** A run that is not done by then no longer counts against the dispatcher's bound; it goes on all the same. */
const WATCH_TIMEOUT_MS = 60_000;
/** A search attribute's value ends at 2 KB; room names have 64 bytes at most. */
const MAX_SEARCH_ROOMS = 25;
const MAX_SUMMARY_ROOMS = 3;

/** Starts the flow as Temporal workflows, eagerly where the worker shares this connection. */
export function createTemporalEngine({ connection, namespace, taskQueue, searchable, logger }: Deps): Engine {
  const client = new Client({ connection, namespace });

  async function finished(workflowId: string) {
    try {
      await client.withDeadline(Date.now() + WATCH_TIMEOUT_MS, () =>
        client.workflow.getHandle(workflowId).result(),
      );
    } catch (error) {
      logger.warn({ batch: workflowId, error }, 'a run has failed, or is not done in time');
    }
  }

  return {
    async start(batch) {
      const rooms = [...new Set(batch.submissions.map(({ room }) => room))];
      try {
        await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
          client.workflow.start<typeof messageBatch>('messageBatch', {
            workflowId: batch.id,
            taskQueue,
            args: [batch],
            requestEagerStart: true,
            workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
            workflowIdConflictPolicy: 'FAIL',
            staticSummary: summaryOf(batch, rooms),
            ...(searchable ? { typedSearchAttributes: searchAttributes(batch, rooms) } : {}),
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
      return { finished: finished(batch.id) };
    },
    async close() {},
  };
}

function searchAttributes(batch: Batch, rooms: string[]) {
  return [
    { key: SEARCH.rooms, value: rooms.slice(0, MAX_SEARCH_ROOMS) },
    { key: SEARCH.messages, value: batch.submissions.length },
  ];
}

/** One line for the list of runs: how many messages of which rooms. */
function summaryOf(batch: Batch, rooms: string[]): string {
  const messages = batch.submissions.length === 1 ? '1 message' : `${batch.submissions.length} messages`;
  const more = rooms.length > MAX_SUMMARY_ROOMS ? ` and ${rooms.length - MAX_SUMMARY_ROOMS} more rooms` : '';
  return `${messages} in ${rooms.slice(0, MAX_SUMMARY_ROOMS).join(', ')}${more}`;
}
