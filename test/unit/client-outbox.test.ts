import assert from 'node:assert/strict';
import { createOutbox } from '../../src/client/outbox.ts';
import { errorFrom, ParleyError } from '../../src/client/parley-error.ts';
import type { Ack, ServerFrame } from '../../src/client/protocol.ts';

type Asked = {
  frame: { clientId: string; content: string };
  answer(ack: Ack): void;
  fail(error: ParleyError): void;
};
type Timer = { run: () => void; ms: number };

/** An outbox whose calls and timers are ended by hand. */
function outbox({ maxUnacknowledged = 100 } = {}) {
  const asked: Asked[] = [];
  const timers = new Set<Timer>();
  const room = { live: true, changes: 0, rejoins: 0 };
  const made = createOutbox({
    ask: <T>(frame: object, _timeoutMs: number, read: (frame: ServerFrame) => T | undefined) =>
      new Promise<T>((resolve, reject) => {
        const answer = (ack: Ack) => resolve(read({ type: 'ack', ...ack })!);
        asked.push({ frame: frame as Asked['frame'], answer, fail: reject });
      }),
    clock: {
      now: () => 0,
      random: () => 0.5,
      setTimer(run, ms) {
        const timer = { run, ms };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    isLive: () => room.live,
    onChange: () => {
      room.changes += 1;
    },
    onAcknowledged: () => undefined,
    rejoin: () => {
      room.rejoins += 1;
    },
    maxUnacknowledged,
    answerMs: 10_000,
  });
  function fire(ms: number) {
    const due = [...timers].find(timer => timer.ms === ms);
    assert.ok(due, `there is no timer of ${ms} ms`);
    timers.delete(due);
    due.run();
  }
  /** Timers that are no send's own. */
  const pauses = () => [...timers].map(({ ms }) => ms).filter(ms => ms !== 30_000);
  return { ...made, asked, fire, room, pauses };
}

function ack(id: number): Ack {
  return { room: 'r', id, offset: id, revision: 1, timestamp: '2026-01-02T03:04:05.678Z', duplicate: false };
}
const busy = errorFrom({ code: 'overloaded', message: 'busy', retryable: true, retryAfterMs: 700 });
const down = errorFrom({ code: 'unavailable', message: 'down', retryable: true });
const settled = () => new Promise(resolve => setImmediate(resolve));

describe('client: the outbox', () => {
  it('sends again under the same clientId after the pause that the service asked for', async () => {
    const box = outbox();
    const sent = box.send('r', 'hello', {});
    box.asked[0]!.fail(busy);
    await settled();
    assert.equal(box.asked.length, 1);
    // The clock stands still: a timer that fires a moment early by the clock once left the outbox stuck.
    box.fire(700);
    assert.equal(box.asked.length, 2);
    assert.equal(box.asked[1]!.frame.clientId, box.asked[0]!.frame.clientId);
    box.asked[1]!.answer(ack(5));
    assert.equal((await sent).id, 5);
    assert.deepEqual(box.pending('r'), []);
  });

  it('keeps the order of what is sent again after the line was lost', async () => {
    const box = outbox();
    const sent = ['a', 'b', 'c'].map(content => box.send('r', content, {}));
    box.room.live = false;
    const lost = new ParleyError('unreachable', 'lost', { retryable: true });
    for (const call of box.asked.splice(0)) call.fail(lost);
    await settled();
    assert.equal(box.asked.length, 0);
    box.room.live = true;
    box.pump();
    assert.deepEqual(
      box.asked.map(({ frame }) => frame.content),
      ['a', 'b', 'c'],
    );
    for (const [i, call] of box.asked.entries()) call.answer(ack(i + 1));
    assert.deepEqual(
      (await Promise.all(sent)).map(({ id }) => id),
      [1, 2, 3],
    );
  });

  it('has 16 on the line at most, and as many on their way as it is allowed', async () => {
    const box = outbox({ maxUnacknowledged: 20 });
    for (let i = 0; i < 20; i += 1) box.send('r', String(i), {}).catch(() => undefined);
    assert.equal(box.asked.length, 16);
    await assert.rejects(box.send('r', 'too many', {}), { code: 'overloaded', retryable: true });
    box.asked[0]!.answer(ack(1));
    await settled();
    assert.equal(box.asked.length, 17);
    assert.equal(box.pending('r').length, 19);
  });

  it('gives up when its time is over, and does not send again', async () => {
    const box = outbox();
    const sent = box.send('r', 'late', { timeoutMs: 1_234 });
    box.fire(1_234);
    await assert.rejects(sent, { code: 'timeout' });
    box.asked[0]!.fail(busy);
    await settled();
    assert.equal(box.asked.length, 1);
  });

  it('has the room joined again where the service does not know it as joined', async () => {
    const box = outbox();
    const sent = box.send('r', 'hello', {});
    box.asked[0]!.fail(errorFrom({ code: 'not_joined', message: 'join first', retryable: false }));
    await settled();
    assert.equal(box.room.rejoins, 1);
    box.fire(125);
    box.asked[1]!.answer(ack(1));
    await sent;
  });

  it('takes one step of the backoff a pause, however many were refused together', async () => {
    const box = outbox();
    for (let i = 0; i < 16; i += 1) box.send('r', String(i), {}).catch(() => undefined);
    const refuse = async () => {
      for (const call of box.asked.splice(0)) call.fail(down);
      await settled();
      assert.equal(box.asked.length, 0);
    };
    await refuse();
    // Half of 250 ms by the clock's chance; sixteen refusals once made it 15 s.
    box.fire(125);
    assert.equal(box.asked.length, 16);
    await refuse();
    box.fire(250);
    box.asked[0]!.answer(ack(1));
    await settled();
    await refuse();
    box.fire(125);
    assert.equal(box.asked.length, 15);
  });

  it('pauses as long as the longest wish of the service, and no step more', async () => {
    const box = outbox();
    for (let i = 0; i < 3; i += 1) box.send('r', String(i), {}).catch(() => undefined);
    const [first, second, third] = box.asked.splice(0);
    first!.fail(down);
    second!.fail(busy);
    third!.fail(errorFrom({ code: 'overloaded', message: 'busy', retryable: true, retryAfterMs: 300 }));
    await settled();
    assert.deepEqual(box.pauses(), [700]);
    box.fire(700);
    assert.equal(box.asked.length, 3);
    box.asked[0]!.fail(down);
    await settled();
    assert.deepEqual(box.pauses(), [250]);
  });

  it('no longer lists a message that the log has shown', () => {
    const box = outbox();
    box.send('r', 'hello', { clientId: 'mine' }).catch(() => undefined);
    box.arrived('r', 'mine');
    assert.deepEqual(box.pending('r'), []);
  });
});
