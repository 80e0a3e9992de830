/**
 * What the steps of a batch gave so far, in the order of their calls. The flow calls its steps in an order that
 * follows from their results alone, so a batch that had to wait is led through the journal to where it stood, and
 * nothing that was done is done again. Where the flow has changed since, the rest of the journal is dropped:
 * steps may be repeated at will.
 */
import { StepFailed, type StepFailure, type StepName, type Steps } from '../../../workflows/steps.ts';

export type JournalEntry = { step: StepName } & ({ output: unknown } | { failed: StepFailure });

/** A journal that goes on from what is known; `entries` grows as steps end, not where one has to wait. */

export function createJournal(known: readonly JournalEntry[]) {
  const entries = [...known];
  let next = 0;

  function recall(step: StepName): JournalEntry | undefined {
    const entry = entries[next];
    if (entry !== undefined && entry.step !== step) entries.length = next;
    return entries[next];
  }

  const remembering = (step: StepName, run: (input: never) => Promise<unknown>) => async (input: never) => {
    const entry = recall(step);
    if (entry === undefined) {
      try {
        const output = await run(input);
        entries.push({ step, output });
        next += 1;
        return output;
      } catch (error) {
        if (error instanceof StepFailed) {
          entries.push({ step, failed: error.failure });
          next += 1;
        }
        throw error;
      }
    }
    next += 1;
    if ('failed' in entry) throw new StepFailed(step, entry.failed);
    return entry.output;
  };

  return {
    entries,
    /** The steps, each answered from the journal where it holds the call. */
    over(steps: Steps): Steps {
      const names = Object.keys(steps) as StepName[];
      return Object.fromEntries(
        names.map(name => [name, remembering(name, steps[name])]),
      ) as unknown as Steps;
    },
  };
}
