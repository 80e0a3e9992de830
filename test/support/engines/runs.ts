/** The unfinished runs of one queue, as an operator meets them: to be counted, and to be ended against all sense. */
import { Client, Connection } from '@temporalio/client';
import { Queue } from 'bullmq';
import { PREFIX } from '../../../src/pipeline/bullmq/connection.ts';
import { until } from '../until.ts';

export type Runs = {
  /** Ends every unfinished run: terminated, or removed. Waits until there is one. */
  end(): Promise<void>;
  /** Asks every unfinished run to cancel, where the engine knows such a thing. */
  cancel(): Promise<void>;
  close(): Promise<void>;
};
type Options = { engine: 'temporal' | 'bullmq'; address: string; queue: string };

export function createRuns(options: Options): Promise<Runs> {
  return options.engine === 'temporal' ? temporalRuns(options) : bullmqRuns(options);
}

async function temporalRuns({ address, queue }: Options): Promise<Runs> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const query = `TaskQueue = '${queue}' AND ExecutionStatus = 'Running'`;
  const running = async () => {
    const found: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
    return found;
  };
  const each = async (what: (id: string) => Promise<unknown>) => {
    await until('a run is under way', async () => (await running()).length > 0, 60_000);
    for (const id of await running()) await what(id);
  };
  return {
    end: () => each(id => client.workflow.getHandle(id).terminate('a test')),
    cancel: () => each(id => client.workflow.getHandle(id).cancel()),
    close: () => connection.close(),
  };
}

async function bullmqRuns({ address, queue: name }: Options): Promise<Runs> {
  const queue = new Queue(name, { connection: { url: address, protocol: 2 }, prefix: PREFIX });
  queue.on('error', () => undefined);
  await queue.waitUntilReady();
  return {
    async end() {
      let removed = 0;
      // One that is being worked on is locked and cannot be removed.
      const tried = async () => {
        for (const job of await queue.getJobs(['delayed', 'prioritized', 'wait'])) {
          removed += (await job.remove().then(
            () => 1,
            () => 0,
          )) as number;
        }
        return removed > 0;
      };
      await until('a job could be removed', tried, 60_000);
    },
    cancel: async () => {},
    close: () => queue.close(),
  };
}
