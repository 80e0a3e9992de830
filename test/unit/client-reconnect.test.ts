import assert from 'node:assert/strict';
import { createBackoff } from '../../src/client/backoff.ts';
import type { Clock } from '../../src/client/clock.ts';
import { reconnectAfter } from '../../src/client/close-codes.ts';
import { standingOf } from '../../src/client/continuity.ts';
import { createHeartbeat } from '../../src/client/heartbeat.ts';
import { socketUrl } from '../../src/client/socket.ts';

/** A clock that stands still until it is moved. */
function heldClock() {
  let nowMs = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const clock: Clock = {
    now: () => nowMs,
    random: () => 0.5,
    setTimer(run, ms) {
      const timer = { at: nowMs + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  function move(ms: number) {
    const end = nowMs + ms;
    for (;;) {
      const due = [...timers].filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      timers.delete(due);
      nowMs = due.at;
      due.run();
    }
    nowMs = end;
  }
  return { clock, move, timers };
}

describe('client: coming back', () => {
  it('doubles the ceiling of the delay up to its cap, and draws from all of it', () => {
    const highest = createBackoff({ random: () => 0.999_999 });
    const delays = Array.from({ length: 8 }, () => highest.next());
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    const lowest = createBackoff({ random: () => 0 });
    assert.equal(lowest.next(), 0);
    assert.equal(lowest.next(5_000), 5_000);
  });

  it('begins anew after a reset', () => {
    const backoff = createBackoff({ random: () => 0.999_999 });
    for (let i = 0; i < 5; i += 1) backoff.next();
    backoff.reset();
    assert.equal(backoff.next(), 250);
  });

  it('asks of each close code what the protocol says', () => {
    for (const code of [1002, 1003, 1007, 1008, 1009, 4008]) {
      assert.deepEqual(reconnectAfter(code), { floorMs: 5_000, freshToken: false });
    }
    for (const code of [4001, 4003]) assert.deepEqual(reconnectAfter(code), { floorMs: 0, freshToken: true });
    for (const code of [1000, 1006, 4013])
      assert.deepEqual(reconnectAfter(code), { floorMs: 0, freshToken: false });
    assert.deepEqual(reconnectAfter(1001, 1_234), { floorMs: 1_234, freshToken: false });
  });

  it('tells the next offset from a known one and from a hole', () => {
    assert.equal(standingOf(7, 8), 'next');
    assert.equal(standingOf(7, 7), 'known');
    assert.equal(standingOf(7, 3), 'known');
    assert.equal(standingOf(7, 9), 'hole');
  });

  it('puts the ticket into the address of the socket, and keeps https secure', () => {
    assert.equal(socketUrl('http://127.0.0.1:8080', 'a+b'), 'ws://127.0.0.1:8080/v1/ws?ticket=a%2Bb');
    assert.equal(socketUrl('https://chat.example/', undefined), 'wss://chat.example/v1/ws');
  });
});

describe('client: heartbeat', () => {
  function heart() {
    const held = heldClock();
    const seen = { pings: 0, lost: 0 };
    const heartbeat = createHeartbeat({
      clock: held.clock,
      heartbeatMs: 25_000,
      ping: () => {
        seen.pings += 1;
      },
      lost: () => {
        seen.lost += 1;
      },
    });
    return { ...held, heartbeat, seen };
  }

  it('asks only after a whole silent interval', () => {
    const { move, heartbeat, seen } = heart();
    move(24_000);
    heartbeat.heard();
    move(24_999);
    assert.deepEqual(seen, { pings: 0, lost: 0 });
    move(1);
    assert.deepEqual(seen, { pings: 1, lost: 0 });
  });

  it('counts the connection as lost 8 s after an unanswered question', () => {
    const { move, seen } = heart();
    move(25_000 + 7_999);
    assert.deepEqual(seen, { pings: 1, lost: 0 });
    move(1);
    assert.deepEqual(seen, { pings: 1, lost: 1 });
  });

  it('goes on listening after an answer, and asks again', () => {
    const { move, heartbeat, seen } = heart();
    move(25_000);
    heartbeat.heard();
    move(25_000 + 7_000);
    assert.deepEqual(seen, { pings: 2, lost: 0 });
  });

  it('leaves no timer behind when it is stopped', () => {
    const { move, heartbeat, seen, timers } = heart();
    move(25_000);
    heartbeat.stop();
    assert.equal(timers.size, 0);
    move(60_000);
    assert.deepEqual(seen, { pings: 1, lost: 0 });
  });
});
