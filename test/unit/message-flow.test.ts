import assert from 'node:assert/strict';
import type { Submission } from '../../src/message.ts';
import { messageFlow } from '../../workflows/message-flow.ts';
import type { Announced, Result, Steps } from '../../workflows/steps.ts';

const submission = (id: number, content: string): Submission => ({
  room: 'r',
  epoch: 'e',
  id,
  offset: id,
  revision: 1,
  user: 'ann',
  clientId: `c${id}`,
  content,
  timestamp: '2026-01-01T00:00:00.000Z',
});
const batchOf = (...contents: string[]) => ({
  id: 'b',
  dispatchedAt: '2026-01-01T00:00:00.000Z',
  submissions: contents.map((content, i) => submission(i + 1, content)),
});

/** Steps that note what they were given; `broken` texts make a whole step throw. */
function recordingSteps(broken: Partial<Record<keyof Steps, string>> = {}) {
  const calls: string[] = [];
  const analyse = <T>(name: keyof Steps, submissions: Submission[], result: T): Result<T>[] => {
    calls.push(`${name} ${submissions.map(({ id }) => id).join(',')}`);
    if (submissions.some(({ content }) => content === broken[name])) throw new Error('poison');
    return submissions.map(({ content }) => (content === 'odd' ? { failed: 'odd' } : result));
  };
  const persisted: unknown[] = [];
  const steps: Steps = {
    language: async ({ submissions }) => analyse('language', submissions, { code: 'en', confidence: 1 }),
    moderate: async ({ submissions }) =>
      analyse('moderate', submissions, { action: 'allow' as const, rules: [], spans: [], policy: 'p' }),
    sentiment: async ({ submissions }) =>
      analyse('sentiment', submissions, { score: 0, label: 'neutral' as const }),
    announce: async ({ batch, analyses }) => {
      calls.push('announce');
      return analyses.map(
        (analysis): Announced => ('failed' in analysis ? analysis : { batch: batch.id, announcedAt: '' }),
      );
    },
    persist: async ({ analyses, announced }) => {
      calls.push('persist');
      persisted.push(announced);
      const duplicates = analyses.flatMap((analysis, i) => ('failed' in analysis || i !== 1 ? [] : [i]));
      return { stored: announced.length - duplicates.length, unchanged: 0, refused: 0, duplicates };
    },
    withdraw: async ({ duplicates }) => {
      calls.push(`withdraw ${duplicates.join(',')}`);
    },
  };
  return { steps, calls, persisted };
}
const poison = (error: unknown) =>
  error instanceof Error && error.message === 'poison' ? 'poison' : undefined;

describe('message flow', () => {
  it('takes the steps in order, each over the whole batch', async () => {
    const { steps, calls } = recordingSteps();
    await messageFlow(batchOf('one'), { steps, poison });
    assert.deepEqual(calls, ['language 1', 'moderate 1', 'sentiment 1', 'announce', 'persist']);
  });

  it('withdraws what persist finds to be a repeat', async () => {
    const { steps, calls } = recordingSteps();
    const summary = await messageFlow(batchOf('one', 'again'), { steps, poison });
    assert.equal(calls.at(-1), 'withdraw 1');
    assert.deepEqual(summary, { messages: 2, stored: 1, unchanged: 0, duplicates: 1, deadLettered: 0 });
  });

  it('halves a batch until the message that breaks a step stands alone, and takes the others on', async () => {
    const { steps, calls } = recordingSteps({ moderate: 'bad' });
    const summary = await messageFlow(batchOf('a', 'b', 'c', 'bad', 'd'), { steps, poison });
    assert.deepEqual(
      calls.filter(call => call.startsWith('moderate')),
      ['moderate 1,2,3,4,5', 'moderate 1,2,3', 'moderate 4,5', 'moderate 4', 'moderate 5'],
    );
    assert.equal(summary.deadLettered, 1);
    assert.deepEqual(
      calls.filter(call => call.startsWith('sentiment')),
      ['sentiment 1,2,3,4,5'],
    );
  });

  it('does not give a message whose language failed to the later steps', async () => {
    const { steps, calls } = recordingSteps({ language: 'bad' });
    await messageFlow(batchOf('a', 'bad', 'c'), { steps, poison });
    assert.deepEqual(
      calls.filter(call => /^(moderate|sentiment)/.test(call)),
      ['moderate 1,3', 'sentiment 1,3'],
    );
  });

  it('keeps a failure that a step reports for one message to that message', async () => {
    const { steps, persisted } = recordingSteps();
    await messageFlow(batchOf('a', 'b', 'odd'), { steps, poison });
    assert.deepEqual(persisted, [
      [{ batch: 'b', announcedAt: '' }, { batch: 'b', announcedAt: '' }, { failed: 'odd' }],
    ]);
  });

  it('throws on what is not the messages’ own fault', async () => {
    const { steps } = recordingSteps({ language: 'bad' });
    await assert.rejects(messageFlow(batchOf('bad'), { steps, poison: () => undefined }), /poison/);
  });
});
