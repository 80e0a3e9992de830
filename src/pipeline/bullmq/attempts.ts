/** The table of timeouts and retries (`STEP_POLICY`), kept where the engine has neither. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  NEVER_AGAIN,
  pauseMs,
  STEP_POLICY,
  StepFailed,
  type StepName,
  type Steps,
} from '../../../workflows/steps.ts';
import type { Logger } from '../../logger.ts';

/** A step whose part stays away: the batch has to wait. */
export class StepWaits extends Error {
  override name = 'StepWaits';
  readonly step: StepName;
  constructor({ step, message }: StepFailed) {
    super(message);
    this.step = step;
  }
}

/** The worker shuts down: another one goes on with the batch. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

class Late extends Error {
  override name = 'Late';
}

type Options = { steps: Steps; signal: AbortSignal; logger: Logger };

/**
 * The steps with their quick attempts. They throw StepFailed, StepWaits or Interrupted; what an attempt gives after
 * its time, or after the signal, is ignored.
 */
export function withAttempts({ steps, signal, logger }: Options): Steps {
  const names = Object.keys(STEP_POLICY) as StepName[];
  return Object.fromEntries(
    names.map(name => [name, persistent(name, steps[name], { signal, logger })]),
  ) as unknown as Steps;
}

function persistent(
  name: StepName,
  step: (input: never) => Promise<unknown>,
  { signal, logger }: Omit<Options, 'steps'>,
) {
  const policy = STEP_POLICY[name];
  return async (input: never) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await timely(step(input), policy.timeoutMs, signal);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        logger.warn({ step: name, attempt, error }, 'a step failed');
        const kind = error instanceof Error ? error.name : 'Error';
        const failed = new StepFailed(name, error instanceof Late ? 'took too long' : { error: kind });
        if (kind === NEVER_AGAIN) throw failed;
        if (attempt >= policy.attempts) throw policy.afterwards === 'fail' ? failed : new StepWaits(failed);
        await delay(pauseMs(policy, attempt), undefined, { signal }).catch(() => undefined);
        if (signal.aborted) throw new Interrupted();
      }
    }
  };
}

/** Throws Late after the time, Interrupted at the signal; what the work comes to later is nobody's concern. */
export async function timely<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new Interrupted();
  const over = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new Late();
  });
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Interrupted()), { signal: over.signal });
  });
  try {
    return await Promise.race([work, late, interrupted]);
  } finally {
    over.abort();
    // Whatever lost the race is nobody's concern any more.
    for (const loser of [work, late]) loser.catch(() => undefined);
  }
}
