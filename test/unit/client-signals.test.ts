import assert from 'node:assert/strict';
import { hereAfter } from '../../src/client/here.ts';
import { createReading } from '../../src/client/reading.ts';
import { createTypists } from '../../src/client/typists.ts';

/** A clock whose hands the test moves. */
function handClock() {
  const timers = new Set<{ run: () => void; at: number }>();
  let now = 1_000;
  return {
    now: () => now,
    random: () => 0.5,
    setTimer(run: () => void, ms: number) {
      const timer = { run, at: now + ms };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    timers,
    forward(ms: number) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        now = Math.max(now, due.at);
        timers.delete(due);
        due.run();
      }
      now = end;
    },
  };
}

describe('client: typing', () => {
  function typists() {
    const clock = handClock();
    const counts = { told: 0, changes: 0 };
    const state = { live: true };
    const made = createTypists({
      clock,
      tell() {
        if (state.live) counts.told += 1;
        return state.live;
      },
      onChange() {
        counts.changes += 1;
      },
    });
    return { ...made, clock, counts, state };
  }

  it('says it at once and then once in 2 s, the last keystrokes too, and none after the message', () => {
    const { typing, sent, clock, counts } = typists();
    for (let i = 0; i < 40; i += 1) {
      typing();
      clock.forward(100);
    }
    assert.equal(counts.told, 2);
    clock.forward(10_000);
    assert.equal(counts.told, 3);
    typing();
    typing();
    sent();
    clock.forward(10_000);
    assert.deepEqual([counts.told, clock.timers.size], [4, 0]);
  });

  it('says nothing without a connection, and at once when there is one again', () => {
    const { typing, clear, clock, counts, state } = typists();
    state.live = false;
    typing();
    state.live = true;
    typing();
    typing();
    assert.equal(counts.told, 1);
    clear();
    assert.equal(clock.timers.size, 0);
  });

  it('forgets a typist 4 s after the last word, each in their own time', () => {
    const { heard, users, clock, counts } = typists();
    heard('ann');
    clock.forward(2_000);
    heard('ben');
    clock.forward(1_000);
    heard('ann');
    assert.deepEqual(users(), ['ben', 'ann']);
    clock.forward(3_100);
    assert.deepEqual(users(), ['ann']);
    clock.forward(1_000);
    assert.deepEqual([users(), clock.timers.size], [[], 0]);
    assert.ok(counts.changes >= 5);
  });

  it('remembers 50 typists at most, and leaves no timer when it is cleared', () => {
    const { heard, users, clear, clock } = typists();
    for (let i = 0; i < 60; i += 1) heard(`user-${i}`);
    assert.equal(users().length, 50);
    assert.equal(users()[0], 'user-10');
    clear();
    assert.deepEqual([users(), clock.timers.size], [[], 0]);
  });
});

describe('client: reading', () => {
  function reading() {
    const clock = handClock();
    const told: number[] = [];
    const state = { live: true };
    const made = createReading({
      clock,
      user: () => 'ann',
      tell(through) {
        if (state.live) told.push(through);
        return state.live;
      },
    });
    return { ...made, clock, told, state };
  }

  it('tells the first at once, and the newest of what follows once in a second', () => {
    const { read, heard, clock, told } = reading();
    for (let offset = 1; offset <= 10; offset += 1) read(offset);
    assert.deepEqual(told, [1]);
    clock.forward(1_000);
    assert.deepEqual(told, [1, 10]);
    heard('ann', 10);
    clock.forward(60_000);
    assert.deepEqual([told, clock.timers.size], [[1, 10], 0]);
  });

  it('only goes forward, also where another place of the same user is ahead', () => {
    const { read, heard, through, told } = reading();
    heard('ann', 20);
    assert.equal(read(15), false);
    assert.deepEqual([through(), told], [20, []]);
    assert.equal(read(21), true);
    assert.deepEqual(told, [21]);
  });

  it('repeats what no receipt confirms, a few times only, and again after the next join', () => {
    const { read, joined, tellAgain, clock, told } = reading();
    read(5);
    clock.forward(60_000);
    assert.deepEqual(told, [5, 5, 5, 5, 5, 5]);
    joined(3);
    tellAgain();
    assert.equal(told.length, 7);
  });

  it('tells after the join what was read without a connection, and nothing that is known', () => {
    const { read, joined, tellAgain, told, state } = reading();
    state.live = false;
    read(8);
    assert.deepEqual(told, []);
    state.live = true;
    joined(8);
    tellAgain();
    assert.deepEqual(told, []);
    joined(0);
    tellAgain();
    assert.deepEqual(told, [8]);
  });

  it('keeps how far others have read; nobody goes back', () => {
    const { heard, readers } = reading();
    heard('ben', 9);
    heard('cleo', 4);
    heard('ben', 2);
    assert.deepEqual(
      [...readers()],
      [
        ['cleo', 4],
        ['ben', 9],
      ],
    );
  });
});

describe('client: who is here', () => {
  it('adds who came, takes who left, and keeps the first 100 by name', () => {
    const here = { users: ['ben', 'cleo'], members: 2 };
    assert.deepEqual(hereAfter(here, { room: 'r', joined: ['ann'], left: ['cleo'], members: 2 }), {
      users: ['ann', 'ben'],
      members: 2,
    });
    const joined = Array.from({ length: 150 }, (_, i) => `user-${String(i).padStart(3, '0')}`);
    const many = hereAfter(here, { room: 'r', joined, left: [], members: 152 });
    assert.deepEqual([many.users.length, many.users[0], many.members], [100, 'ben', 152]);
  });
});
