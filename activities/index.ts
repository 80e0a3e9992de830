import type { Logger } from '../src/logger.ts';
import type { Versions } from '../src/message.ts';
import type { WorkerMetrics } from '../src/metrics.ts';
import type { MessageWindows } from '../src/rooms/message-windows.ts';
import type { Outcomes } from '../src/rooms/outcomes.ts';
import type { MessageStore } from '../src/store/messages.ts';
import type { StepName, Steps } from '../workflows/steps.ts';
import { type Analysers, createAnalysisSteps } from './analysis.ts';
import { createAnnounceStep } from './announce.ts';
import { createPersistStep, createWithdrawStep } from './persist.ts';

export type ActivityDeps = {
  analysers: Analysers;
  /** Where rules count; without it none of them hits. */
  windows?: MessageWindows;
  outcomes: Outcomes;
  store: MessageStore;
  metrics: WorkerMetrics;
  logger: Logger;
};

/** The steps, as every engine runs them: each measured, none with an engine in it. */
export function createActivities({ analysers, windows, ...deps }: ActivityDeps): Steps {
  const versions: Versions = {
    language: analysers.language.version,
    moderation: analysers.judge.version,
    sentiment: analysers.sentiment.version,
  };
  const steps: Steps = {
    ...createAnalysisSteps({ ...analysers, windows }),
    announce: createAnnounceStep({ ...deps, versions }),
    persist: createPersistStep({ ...deps, versions }),
    withdraw: createWithdrawStep({ ...deps, versions }),
  };
  return measured(steps, deps.metrics);
}

function measured(steps: Steps, metrics: WorkerMetrics): Steps {
  const wrap = (step: StepName) => async (input: never) => {
    const end = metrics.step.startTimer({ step });
    try {
      const output = await steps[step](input);
      end({ result: 'done' });
      return output;
    } catch (error) {
      end({ result: 'failed' });
      throw error;
    }
  };
  return Object.fromEntries(
    (Object.keys(steps) as StepName[]).map(step => [step, wrap(step)]),
  ) as unknown as Steps;
}
