import type { Client } from '@temporalio/client';
import type { Kept } from '../engine.ts';

const TIMEOUT_MS = 5_000;

/** How long the cluster keeps the history of a run that has ended: the namespace's retention. */
export async function keptRuns(client: Client, namespace: string): Promise<Kept> {
  const { config } = await client.withDeadline(Date.now() + TIMEOUT_MS, () =>
    client.workflowService.describeNamespace({ namespace }),
  );
  const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  const note = `The inputs of runs hold the texts; the namespace ${namespace} keeps a run for ${hours(seconds)} after its end.`;
  return { engine: 'temporal', ms: seconds * 1_000, note };
}

const hours = (seconds: number) => `${Math.round(seconds / 360) / 10} h`;
