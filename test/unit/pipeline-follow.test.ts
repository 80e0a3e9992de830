import assert from 'node:assert/strict';
import { createLogger } from '../../src/logger.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import type { Run, RunEnd } from '../../src/pipeline/engine.ts';
import { createFollower } from '../../src/pipeline/follow.ts';
import type { Batch } from '../../workflows/steps.ts';
import { until } from '../support/until.ts';

const batch: Batch = { id: 'b', dispatchedAt: '', submissions: [] };
const ending = (end: RunEnd | undefined): Run => ({ ended: async () => end });

/** A follower whose engine ends each new run as told, in turn. */
function following(ends: (RunEnd | undefined)[]) {
  const started: string[] = [];
  const aside: string[] = [];
  const metrics = createWorkerMetrics();
  const follower = createFollower({
    engine: {
      start: async ({ id }) => {
        started.push(id);
        return ending(ends[started.length - 1]);
      },
    },
    giveUp: async ({ id }, cause) => aside.push(`${id}: ${cause}`),
    metrics,
    logger: createLogger({ level: 'silent', part: 'test' }),
  });
  const lost = async () => (await metrics.runsLost.get()).values[0]?.value;
  return { follower, started, aside, lost };
}

describe('runs that are followed', () => {
  it('are left alone when they are done', async () => {
    const { follower, started, aside } = following([]);
    await follower.follow(batch, ending('done'));
    assert.deepEqual([started, aside], [[], []]);
  });

  it('are started anew under another name when they ended without their work, and counted', async () => {
    const { follower, started, aside, lost } = following(['lost', 'done']);
    await follower.follow(batch, ending('lost'));
    await until('the second one is done', () => started.length === 2);
    assert.deepEqual([started, aside], [['b~1', 'b~2'], []]);
    assert.equal(await lost(), 2);
  });

  it('are set aside with the cause when they end so again and again', async () => {
    const { follower, started, aside } = following(['lost', 'lost', 'lost', 'lost']);
    await follower.follow(batch, ending('lost'));
    await until('it is set aside', () => aside.length === 1);
    assert.deepEqual(started, ['b~1', 'b~2', 'b~3']);
    assert.deepEqual(aside, ['b~3: its run was ended 4 times']);
  });

  it('no longer count when they are not done in time, but are started anew if they are lost later', async () => {
    const { follower, started } = following(['done']);
    const ends = [undefined, 'lost'] as const;
    let asked = 0;
    const ended = async () => {
      asked += 1;
      return ends[asked - 1];
    };
    await follower.follow(batch, { ended });
    await until('it is started anew', () => started.length === 1);
    follower.close();
  });
});
