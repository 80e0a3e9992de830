/** Temporal's side of the flow: which steps run close by, how they are tried again, what a run shows. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  TimeoutFailure,
} from '@temporalio/workflow';
import { type BatchSummary, messageFlow } from './message-flow.ts';
import {
  BACKOFF,
  type Batch,
  NEVER_AGAIN,
  poisonOf,
  STEP_POLICY,
  StepFailed,
  type StepName,
  type Steps,
} from './steps.ts';

export { reprocess } from './reprocess.ts';
export { scheduledTask } from './scheduled-task.ts';

/**
 * One run a batch. Its input holds the messages; its results and details hold counts, verdicts and places, no text.
 * Quick attempts are local activities (one workflow task for the whole batch); a part that stays away is waited
 * for by an ordinary activity, whose attempts and last failure operators see. The messages are acknowledged: a
 * request to cancel changes nothing.
 */
export async function messageBatch(batch: Batch): Promise<BatchSummary> {
  const summary = await CancellationScope.nonCancellable(() =>
    messageFlow(batch, { steps: durableSteps(), poison: poisonOf }),
  );
  setCurrentDetails(
    `${summary.stored} stored, ${summary.unchanged} already there, ${summary.duplicates} withdrawn, ${summary.deadLettered} set aside`,
  );
  return summary;
}

function durableSteps(): Steps {
  const names = Object.keys(STEP_POLICY) as StepName[];
  return Object.fromEntries(names.map(name => [name, durableStep(name)])) as unknown as Steps;
}

function durableStep(name: StepName) {
  const policy = STEP_POLICY[name];
  const retry = {
    initialInterval: policy.firstRetryMs,
    maximumInterval: policy.maxRetryMs,
    backoffCoefficient: BACKOFF,
    nonRetryableErrorTypes: [NEVER_AGAIN],
  };
  const close = proxyLocalActivities<Record<StepName, (input: unknown) => Promise<unknown>>>({
    startToCloseTimeout: policy.timeoutMs,
    retry: { ...retry, maximumAttempts: policy.attempts },
  });
  const patient = proxyActivities<Record<StepName, (input: unknown) => Promise<unknown>>>({
    startToCloseTimeout: policy.timeoutMs,
    retry,
  });
  return async (input: unknown) => {
    try {
      return await close[name](input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (policy.afterwards === 'fail') throw failureOf(name, error);
      if (isNeverAgain(error)) throw error;
      return await patient[name](input);
    }
  };
}

/** What failed in the step itself. Only an ordinary activity's failure comes wrapped. */
function originOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error;
}

function isNeverAgain(error: unknown): boolean {
  const origin = originOf(error);
  return origin instanceof ApplicationFailure && origin.type === NEVER_AGAIN;
}

function failureOf(step: StepName, error: unknown): StepFailed {
  const origin = originOf(error);
  if (origin instanceof TimeoutFailure) return new StepFailed(step, 'took too long');
  return new StepFailed(step, {
    error: origin instanceof ApplicationFailure ? (origin.type ?? 'Error') : 'failed',
  });
}
