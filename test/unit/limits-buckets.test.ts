import assert from 'node:assert/strict';
import fc from 'fast-check';
import { refuse } from '../../src/errors.ts';
import { createFrameLimits } from '../../src/front/limits-frames.ts';
import { createBuckets } from '../../src/rooms/limiter-buckets.ts';

describe('token buckets of one process', () => {
  it('give a burst, then the rate, and say how long to wait', () => {
    const buckets = createBuckets({ perSecond: 10, burst: 3 }, 10);
    assert.deepEqual(
      [0, 0, 0, 0, 50, 100, 100].map(now => buckets.take('ann', now)),
      [0, 0, 0, 100, 50, 0, 100],
    );
    assert.equal(buckets.take('bob', 100), 0, 'another key has a bucket of its own');
    assert.deepEqual(
      [5_000, 5_000, 5_000, 5_000].map(now => buckets.take('ann', now)),
      [0, 0, 0, 100],
      'a rest fills the bucket and no more',
    );
  });

  it('never give more than the burst and the rate since, however they are asked', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        gaps,
        (perSecond, burst, all) => {
          const buckets = createBuckets({ perSecond, burst }, 1);
          let now = 0;
          let given = 0;
          for (const gap of all) {
            now += gap;
            if (buckets.take('ann', now) === 0) given += 1;
            assert.ok(given <= burst + (now * perSecond) / 1_000 + 1e-6);
          }
        },
      ),
    );
  });

  it('keep a bounded number of keys, and forget the one that was not asked for longest', () => {
    const buckets = createBuckets({ perSecond: 1, burst: 1 }, 2);
    for (const key of ['ann', 'bob', 'ann', 'eve']) buckets.take(key, 0);
    assert.equal(buckets.size(), 2);
    assert.ok(buckets.take('ann', 0) > 0, 'ann was asked for after bob, and is still known');
    assert.equal(buckets.take('bob', 0), 0);
  });
});

describe('the limits of one connection', () => {
  it('refuse frames beyond the burst with the time to wait', () => {
    const limits = createFrameLimits({ perSecond: 1, burst: 2 });
    assert.deepEqual([limits.take(), limits.take()], [undefined, undefined]);
    const refusal = limits.take();
    assert.equal(refusal?.refused, 'rate_limited');
    assert.ok(refusal.retryAfterMs! > 0 && refusal.retryAfterMs! <= 1_000);
  });

  it('call a hundred refusals by rate abuse, and no other ones', () => {
    const limits = createFrameLimits({ perSecond: 1, burst: 1 });
    for (let i = 0; i < 200; i += 1) assert.equal(limits.isAbuse(refuse('forbidden')), false);
    for (let i = 0; i < 99; i += 1) assert.equal(limits.isAbuse(refuse('rate_limited')), false);
    assert.equal(limits.isAbuse(refuse('rate_limited')), true);
  });
});
