import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import type { Batch } from '../../../workflows/steps.ts';
import type { Unfinished } from '../engine.ts';

type Options = { client: Client; namespace: string; taskQueue: string; codec: PayloadCodec };
type Run = { workflowId: string; runId: string };

const PAGE = 100;
const TIMEOUT_MS = 5_000;

/**
 * The runs of our queue that have not ended, with the places of their messages: from the first event of each, which
 * holds the batch. Temporal lists a run some moments after its start. Throws when it does not answer, and where a
 * batch is encrypted with a key that is not known here.
 */
export async function* unfinishedRuns(options: Options): AsyncGenerator<Unfinished> {
  const { client, namespace, taskQueue } = options;
  const query = `WorkflowType = 'messageBatch' AND ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue}'`;
  const within = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + TIMEOUT_MS, call);
  let nextPageToken: Uint8Array | null = null;
  do {
    const from: { nextPageToken?: Uint8Array } = nextPageToken === null ? {} : { nextPageToken };
    const page = await within(() =>
      client.workflowService.listWorkflowExecutions({ namespace, query, pageSize: PAGE, ...from }),
    );
    for (const { execution } of page.executions ?? []) {
      const run = { workflowId: execution?.workflowId ?? '', runId: execution?.runId ?? '' };
      const batch = await within(() => batchOf(options, run));
      if (batch === undefined) continue;
      yield {
        id: run.workflowId,
        places: batch.submissions.map(({ room, id, offset }) => ({ room, id, offset })),
      };
    }
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : null;
  } while (nextPageToken !== null);
}

/** The input of a run; undefined where it is gone since it was listed. */
async function batchOf({ client, namespace, codec }: Options, execution: Run): Promise<Batch | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution,
    maximumPageSize: 1,
  });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  if (!payload) return undefined;
  const [opened] = await codec.decode([payload]);
  return defaultPayloadConverter.fromPayload<Batch>(opened!);
}
