import type { Logger } from '../src/logger.ts';
import type { Versions } from '../src/message.ts';
import type { WorkerMetrics } from '../src/metrics.ts';
import type { Outcomes } from '../src/rooms/outcomes.ts';
import type { MessageStore } from '../src/store/messages.ts';
import type { StepName, Steps } from '../workflows/steps.ts';
import { type Analysers, createAnalysisSteps } from './analysis.ts';
import { createAnnounceStep } from './announce.ts';
import type { Sources } from './fetch.ts';
import { createPersistStep, createWithdrawStep } from './persist.ts';

/** Rules whose source is absent never hit. */
export type ActivityDeps = Sources & {
  analysers: Analysers;
  outcomes: Outcomes;
  store: MessageStore;
  metrics: WorkerMetrics;
  logger: Logger;
};

/** The steps, as every engine runs them: each measured, none with an engine in it. */
export function createActivities({ analysers, windows, provider, ...deps }: ActivityDeps): Steps {
  const versions: Versions = {
    language: analysers.language.version,
    moderation: analysers.judge.version,
    sentiment: analysers.sentiment.version,
  };
  const steps: Steps = {
    ...createAnalysisSteps({ ...analysers, windows, provider }),
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
