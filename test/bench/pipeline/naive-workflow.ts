import { proxyActivities } from '@temporalio/workflow';
import type { NaiveSteps, Sent } from './naive-steps.ts';

const { enrich, moderate, store } = proxyActivities<Omit<NaiveSteps, 'close'>>({
  startToCloseTimeout: '10 seconds',
});

/** One message, as the samples of Temporal would take it. */
export async function naiveMessage(sent: Sent): Promise<void> {
  const enriched = await enrich(sent.content);
  const verdict = await moderate(sent.content, enriched.language);
  await store(sent, enriched, verdict);
}
