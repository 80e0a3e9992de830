import assert from 'node:assert/strict';
import { createLogger } from '../../src/logger.ts';
import { Interrupted, StepWaits, withAttempts } from '../../src/pipeline/bullmq/attempts.ts';
import { createJournal } from '../../src/pipeline/bullmq/journal.ts';
import { NEVER_AGAIN, poisonOf, STEP_POLICY, StepFailed, type Steps } from '../../workflows/steps.ts';

const logger = createLogger({ level: 'silent', part: 'test' });
const nothing = { submissions: [] };
const nobody = { batch: { id: 'b', dispatchedAt: '', submissions: [] }, analyses: [] };

/** Steps of which one does as told; the others are not there. */
function only<N extends keyof Steps>(name: N, step: () => Promise<unknown>, signal?: AbortSignal): Steps {
  const steps = { [name]: step } as unknown as Steps;
  return withAttempts({ steps, signal: signal ?? new AbortController().signal, logger });
}
const failing = (error: Error) => {
  const tried = { count: 0 };
  const step = async () => {
    tried.count += 1;
    throw error;
  };
  return { tried, step };
};
class Odd extends Error {
  override name = 'Odd';
}
class Never extends Error {
  override name = NEVER_AGAIN;
}

describe('steps where the engine keeps no table', () => {
  it('are tried as often as the table says, and are poison then, told by the name of the error alone', async () => {
    const { tried, step } = failing(new Odd('with a text'));
    const error = await only('language', step)
      .language(nothing)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    assert.equal(tried.count, STEP_POLICY.language.attempts);
    assert.ok(error instanceof StepFailed);
    assert.equal(poisonOf(error), 'language: Odd');
  });

  it('wait where a part stays away, which is nobody’s fault', async () => {
    const { tried, step } = failing(new Odd());
    await assert.rejects(only('announce', step).announce(nobody), error => {
      assert.ok(error instanceof StepWaits);
      assert.deepEqual([error.step, poisonOf(error)], ['announce', undefined]);
      return true;
    });
    assert.equal(tried.count, STEP_POLICY.announce.attempts);
  });

  it('are not tried again where they say so', async () => {
    const { tried, step } = failing(new Never());
    await assert.rejects(only('announce', step).announce(nobody), StepFailed);
    assert.equal(tried.count, 1);
  });

  it('are given up at once when the worker shuts down, whatever they do', async () => {
    const stop = new AbortController();
    const hanging = only('persist', () => new Promise(() => {}), stop.signal);
    const persisting = hanging.persist({ ...nobody, announced: [] });
    stop.abort();
    await assert.rejects(persisting, Interrupted);
  });
});

describe('the journal of a batch that had to wait', () => {
  const counting = (calls: string[], broken: Error | undefined): Steps =>
    ({
      language: async () => {
        calls.push('language');
        return ['known'];
      },
      moderate: async () => {
        calls.push('moderate');
        throw new StepFailed('moderate', { error: 'Odd' });
      },
      persist: async () => {
        calls.push('persist');
        if (broken) throw broken;
        return 'stored';
      },
    }) as unknown as Steps;
  const flow = async (steps: Steps) => {
    const known = await steps.language(nothing);
    const cause = await steps.moderate({ submissions: [], languages: [] }).catch(poisonOf);
    return [known, cause, await steps.persist({ ...nobody, announced: [] })];
  };

  it('answers what is done, failures too, and leaves what waited to be done', async () => {
    const calls: string[] = [];
    const waits = new StepWaits(new StepFailed('persist', { error: 'Odd' }));
    const first = createJournal([]);
    await assert.rejects(flow(first.over(counting(calls, waits))), StepWaits);
    const kept = JSON.parse(JSON.stringify(first.entries)) as typeof first.entries;
    const again = createJournal(kept);
    const answer = await flow(again.over(counting(calls, undefined)));
    assert.deepEqual(answer, [['known'], 'moderate: Odd', 'stored']);
    assert.deepEqual(calls, ['language', 'moderate', 'persist', 'persist']);
  });

  it('is dropped from where the flow goes another way', async () => {
    const calls: string[] = [];
    const journal = createJournal([
      { step: 'language', output: ['known'] },
      { step: 'sentiment', output: ['of another flow'] },
      { step: 'persist', output: 'of another flow' },
    ]);
    const answer = await flow(journal.over(counting(calls, undefined)));
    assert.deepEqual(answer[2], 'stored');
    assert.deepEqual(calls, ['moderate', 'persist']);
  });
});
