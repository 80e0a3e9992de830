import assert from 'node:assert/strict';
import { type Breaker, type BreakerState, createBreaker } from '../../src/provider/breaker.ts';

describe('the breaker before the provider', () => {
  let now = 0;
  let changes: [state: BreakerState, pauseMs: number][];
  let breaker: Breaker;
  beforeEach(() => {
    now = 1_000;
    changes = [];
    breaker = createBreaker({ now: () => now, onChange: (state, pauseMs) => changes.push([state, pauseMs]) });
  });

  const admitted = () => {
    const tell = breaker.admit();
    assert.ok(tell, 'the call is let through');
    return tell;
  };
  const calls = (...results: boolean[]) => {
    for (const result of results) admitted()(result);
  };
  const fails = (count: number) => calls(...Array<boolean>(count).fill(false));
  const states = () => changes.map(([state]) => state);

  it('opens after five failures in a row, and after no four', () => {
    fails(4);
    calls(true);
    fails(4);
    assert.deepEqual(changes, []);
    fails(1);
    assert.deepEqual(changes, [['open', 2_000]]);
    assert.equal(breaker.admit(), undefined);
  });

  it('opens where half of the last twenty fail, though none five times in a row', () => {
    for (let i = 0; i < 9; i++) calls(true, false);
    assert.deepEqual(changes, []);
    calls(false);
    assert.deepEqual(states(), ['open']);
  });

  it('forgets failures that are twenty calls old', () => {
    for (let i = 0; i < 100; i++) calls(true, true, false);
    assert.deepEqual(changes, []);
  });

  it('lets one call try after the pause, and closes where it succeeds', () => {
    fails(5);
    now += 1_999;
    assert.equal(breaker.admit(), undefined);
    now += 1;
    const probe = admitted();
    assert.equal(breaker.admit(), undefined, 'no second one beside it');
    probe(true);
    assert.deepEqual(states(), ['open', 'half-open', 'closed']);
    fails(4);
    assert.deepEqual(states().at(-1), 'closed', 'what failed before is forgotten');
  });

  it('rests twice as long each time that the try fails, a minute at most, and briefly again after a success', () => {
    fails(5);
    const pauses = [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const pause of pauses) {
      now += pause - 1;
      assert.equal(breaker.admit(), undefined, `within ${pause} ms`);
      now += 1;
      fails(1);
    }
    now += 60_000;
    calls(true);
    fails(5);
    assert.deepEqual(changes.at(-1), ['open', 2_000]);
  });

  it('is told nothing by calls that were begun before it changed', () => {
    const late = [admitted(), admitted(), admitted()];
    fails(5);
    late[0]!(true);
    assert.equal(breaker.admit(), undefined);
    now += 2_000;
    const probe = admitted();
    late[1]!(false);
    assert.deepEqual(states(), ['open', 'half-open']);
    probe(true);
    late[2]!(false);
    fails(4);
    assert.deepEqual(states(), ['open', 'half-open', 'closed']);
  });
});
