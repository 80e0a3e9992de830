/** What a worker's engine runs: the steps of batches, and those of runs over history. */
import { createActivities } from '../../activities/index.ts';
import { createReprocessSteps } from '../../activities/reprocess.ts';
import type { Config } from '../config.ts';
import { createLanguageDetector } from '../enrichment/language.ts';
import { createSentimentAnalyser } from '../enrichment/sentiment.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createLivePolicies } from '../moderation/live.ts';
import { createRoomJudge } from '../moderation/room-judge.ts';
import { createModerationProvider } from '../provider/provider.ts';
import { createRejudge } from '../reprocess/rejudge.ts';
import { createMessageWindows } from '../rooms/message-windows.ts';
import { createOutcomes } from '../rooms/outcomes.ts';
import { createRevisions } from '../rooms/revisions.ts';
import { createPolicyStore } from '../store/policies.ts';
import { createReprocessStore } from '../store/reprocess.ts';
import type { Overrides, Shared } from './shared.ts';

export type WorkerParts = { config: Config; shared: Shared; metrics: WorkerMetrics; overrides: Overrides };

/** Throws where the policies cannot be read yet. */
export async function activitiesOf({ config, shared, metrics, overrides }: WorkerParts) {
  const { logger, closers, redis, scripts, pool, log, store } = shared;
  const outcomes = createOutcomes({ log, scripts });
  const policyStore = createPolicyStore(pool);
  const live = createLivePolicies({ since: policyStore.since, logger });
  const policies = closers.add('policies', live, made => made.close());
  await policies.load();
  const analysers = {
    language: await createLanguageDetector(),
    judge: createRoomJudge(policies),
    sentiment: createSentimentAnalyser(),
  };
  const provider = config.provider && createModerationProvider({ options: config.provider, metrics, logger });
  if (provider) closers.add('provider', provider, made => made.close());
  const steps = createActivities({
    analysers,
    windows: createMessageWindows({ scripts }),
    provider,
    outcomes: overrides.outcomes?.(outcomes) ?? outcomes,
    store: overrides.store?.(store) ?? store,
    metrics,
    logger,
  });
  const runs = createReprocessStore(pool);
  const revisions = createRevisions({ log, redis, outcomes, options: config.log });
  const reprocessing = createReprocessSteps({
    store: overrides.runs?.(runs) ?? runs,
    revisions: overrides.revisions?.(revisions) ?? revisions,
    rejudge: createRejudge({ policies: policyStore, ...analysers, logger }),
    metrics,
    logger,
  });
  return {
    activities: { ...(overrides.steps?.(steps) ?? steps), ...reprocessing },
    runs,
    policies: policyStore,
  };
}
