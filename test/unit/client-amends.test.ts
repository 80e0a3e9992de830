import assert from 'node:assert/strict';
import { type Amendment, createAmends } from '../../src/client/amends.ts';
import type { RoomMessage } from '../../src/client/merge.ts';
import { errorFrom, ParleyError, timedOut, unreachable } from '../../src/client/parley-error.ts';
import type { Ack, ServerFrame } from '../../src/client/protocol.ts';

type Asked = { frame: Amendment & { type: string }; answer(ack: Ack): void; fail(error: ParleyError): void };

const message: RoomMessage = {
  id: 7,
  revision: 1,
  room: 'r',
  user: 'ann',
  content: 'old',
  timestamp: '2026-01-02T03:04:05.678Z',
  clientId: 'c7',
  status: 'visible',
};
const ack = (revision: number): Ack => ({
  room: 'r',
  id: 7,
  offset: 9,
  revision,
  timestamp: '2026-01-02T03:04:05.678Z',
  duplicate: false,
});
const settled = () => new Promise(resolve => setImmediate(resolve));
const refusal = (code: string, retryable: boolean) =>
  errorFrom({ code, message: code, retryable, ...(retryable ? { retryAfterMs: 500 } : {}) });

/** Changes of one message whose calls, timers and state are held by the test. */
function amends() {
  const asked: Asked[] = [];
  const timers = new Set<{ run: () => void; ms: number }>();
  const room = { live: true, message: message as RoomMessage, rejoins: 0 };
  const made = createAmends({
    room: 'r',
    ask: <T>(frame: object, _timeoutMs: number, read: (frame: ServerFrame) => T | undefined) =>
      new Promise<T>((resolve, reject) => {
        const answer = (answered: Ack) => resolve(read({ type: 'ack', ...answered })!);
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
    get: () => room.message,
    rejoin: () => {
      room.rejoins += 1;
    },
    onAcknowledged: () => undefined,
    answerMs: 10_000,
  });
  function fire(ms: number) {
    const due = [...timers].find(timer => timer.ms === ms);
    assert.ok(due, `there is no timer of ${ms} ms`);
    timers.delete(due);
    due.run();
  }
  const edit = (content: string) => made.amend({ verb: 'edit', id: 7, content });
  return { ...made, asked, fire, room, edit };
}

describe('client: edits and deletions on their way', () => {
  it('waits for the room, and for an earlier change of the same message', async () => {
    const { asked, room, edit, pump } = amends();
    room.live = false;
    const [first, second] = [edit('one'), edit('two')];
    assert.equal(asked.length, 0);
    room.live = true;
    pump();
    assert.deepEqual(
      asked.map(({ frame }) => frame),
      [{ type: 'edit', room: 'r', id: 7, content: 'one' }],
    );
    asked[0]!.answer(ack(2));
    assert.equal((await first).revision, 2);
    asked[1]!.answer(ack(3));
    assert.equal((await second).revision, 3);
  });

  it('repeats an edit whose answer was lost while the message stands as before', async () => {
    const { asked, edit } = amends();
    const edited = edit('new');
    asked[0]!.fail(timedOut('The frame'));
    await settled();
    assert.equal(asked.length, 2);
    asked[1]!.answer(ack(2));
    assert.equal((await edited).revision, 2);
  });

  it('repeats it where the message already has the very text, and gives the service’s word for it', async () => {
    const { asked, room, edit, pump } = amends();
    const edited = edit('new');
    room.live = false;
    asked[0]!.fail(unreachable());
    await settled();
    room.message = { ...message, revision: 2, content: 'new' };
    room.live = true;
    pump();
    asked[1]!.answer({ ...ack(2), duplicate: true });
    assert.equal((await edited).duplicate, true);
  });

  it('does not undo another’s later edit: where its own end is not known it is rejected', async () => {
    const { asked, room, edit } = amends();
    const edited = edit('new');
    const later = edit('newest');
    room.message = { ...message, revision: 2, content: 'from another place' };
    asked[0]!.fail(timedOut('The frame'));
    await assert.rejects(edited, (error: ParleyError) => error.code === 'changed' && !error.retryable);
    await settled();
    assert.deepEqual(
      asked.map(({ frame }) => 'content' in frame && frame.content),
      ['new', 'newest'],
    );
    asked[1]!.answer(ack(3));
    assert.equal((await later).revision, 3);
  });

  it('repeats after a refusal for haste whatever happened meanwhile, for it was not done', async () => {
    const { asked, fire, room, edit } = amends();
    const edited = edit('new');
    room.message = { ...message, revision: 2, content: 'from another place' };
    asked[0]!.fail(refusal('rate_limited', true));
    await settled();
    assert.equal(asked.length, 1);
    fire(500);
    asked[1]!.answer(ack(3));
    assert.equal((await edited).revision, 3);
  });

  it('repeats a deletion whatever happened meanwhile', async () => {
    const { asked, fire, room, amend } = amends();
    const removed = amend({ verb: 'delete', id: 7 });
    room.message = { ...message, revision: 2 };
    asked[0]!.fail(refusal('unavailable', true));
    await settled();
    fire(500);
    asked[1]!.answer(ack(2));
    assert.equal((await removed).id, 7);
  });

  it('has the room joined again where the service does not know it as joined', async () => {
    const { asked, room, edit, pump } = amends();
    const edited = edit('new');
    room.live = false;
    asked[0]!.fail(refusal('not_joined', false));
    await settled();
    assert.equal(room.rejoins, 1);
    room.live = true;
    pump();
    asked[1]!.answer(ack(2));
    await edited;
  });

  it('gives up when its time is over, and takes 100 changes at most', async () => {
    const { fire, room, edit } = amends();
    room.live = false;
    const all = Array.from({ length: 100 }, () => edit('x'));
    await assert.rejects(edit('one more'), (error: ParleyError) => error.code === 'overloaded');
    for (let i = 0; i < 100; i += 1) fire(30_000);
    const ends = await Promise.allSettled(all);
    assert.ok(ends.every(end => end.status === 'rejected' && end.reason instanceof ParleyError));
  });
});
