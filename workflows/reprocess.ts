/** Temporal's side of a run over history: long, so it goes on as new; steered by signals, told in its details. */
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import {
  HEARTBEAT,
  REPROCESS_LOOK_MS,
  REPROCESS_RETRY,
  REPROCESS_TIMEOUT_MS,
  type ReprocessSteps,
  type RunCourse,
  reprocessFlow,
} from './reprocess-flow.ts';

/** Somebody asked for something, elsewhere: look at once. */
export const wakeSignal = defineSignal('wake');
/** What operators may send from Temporal's UI. */
export const courseSignals = {
  pause: defineSignal('pause'),
  resume: defineSignal('resume'),
  cancel: defineSignal('cancel'),
};

/** Steps of one history: below the 4,000 events from which on Temporal asks for a new one. */
const STEPS = 300;

const { reprocess: step } = proxyActivities<Pick<ReprocessSteps, 'reprocess'>>({
  startToCloseTimeout: REPROCESS_TIMEOUT_MS,
  heartbeatTimeout: HEARTBEAT.timeoutMs,
  retry: { initialInterval: REPROCESS_RETRY.firstMs, maximumInterval: REPROCESS_RETRY.maxMs },
  // Live batches go first.
  priority: { priorityKey: 5 },
});
const { steer } = proxyActivities<Pick<ReprocessSteps, 'steer'>>({
  startToCloseTimeout: REPROCESS_TIMEOUT_MS,
});

type Input = { run: string /** Of one history; a short one shows how it goes on. */; steps?: number };

/** Takes a run to its end. A request to cancel cancels the run, which ends behind the page that is under way. */
export async function reprocess({ run, steps = STEPS }: Input): Promise<void> {
  const wishes: RunCourse[] = [];
  let woken = false;
  setHandler(wakeSignal, () => {
    woken = true;
  });
  for (const want of Object.keys(courseSignals) as RunCourse[]) {
    setHandler(courseSignals[want], () => {
      wishes.push(want);
      woken = true;
    });
  }
  const engine = {
    async reprocess(input: { run: string }) {
      woken = false;
      for (let want = wishes.shift(); want !== undefined; want = wishes.shift()) await steer({ run, want });
      return await step(input);
    },
    steer,
    tell: setCurrentDetails,
    rest: async (ms: number | undefined) => {
      await condition(() => woken, ms ?? REPROCESS_LOOK_MS);
    },
  };
  let ended: boolean;
  try {
    ended = await reprocessFlow(run, engine, steps);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    ended = await CancellationScope.nonCancellable(async () => {
      await steer({ run, want: 'cancel' });
      return await reprocessFlow(run, engine, steps);
    });
  }
  if (!ended) await continueAsNew<typeof reprocess>({ run, steps });
}
