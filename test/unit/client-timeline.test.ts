import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RoomMessage } from '../../src/client/merge.ts';
import type { HistoryPage, LogFrame } from '../../src/client/protocol.ts';
import { createTimeline } from '../../src/client/timeline.ts';
import type { Message } from '../../src/message.ts';

const TIME = '2026-01-02T03:04:05.678Z';

function message(id: number, more: Partial<Message> = {}): Message {
  return {
    id,
    revision: 1,
    room: 'r',
    user: 'ann',
    content: `text ${id}`,
    timestamp: TIME,
    status: 'pending',
    ...more,
  };
}
function created(id: number, more: Partial<Message> = {}): LogFrame {
  return { type: 'message.created', room: 'r', offset: id, message: message(id, more) };
}
function updated(offset: number, id: number, content: string): LogFrame {
  return {
    type: 'message.updated',
    room: 'r',
    offset,
    messages: [{ id, revision: 1, status: 'masked', content }],
  };
}
function removed(offset: number, ...ids: number[]): LogFrame {
  return { type: 'message.removed', room: 'r', offset, ids, reason: 'moderated' };
}
function page(processedThrough: number, ids: number[], hasOlder = false): HistoryPage {
  const messages = ids.map(id => message(id, { status: 'visible' }));
  return { room: 'r', epoch: 'e', messages, hasOlder, hasNewer: true, processedThrough };
}
const idsOf = (messages: readonly RoomMessage[]) => messages.map(({ id }) => id);

describe('client: the timeline of a room', () => {
  it('orders by id and holds each message once, whatever order it comes in', () => {
    const ids = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 });
    fc.assert(
      fc.property(ids, order => {
        const timeline = createTimeline('r', 1_000);
        for (const id of order) timeline.apply(created(id));
        const expected = [...new Set(order)].sort((a, b) => a - b);
        assert.deepEqual(idsOf(timeline.messages()), expected);
      }),
    );
  });

  it('gives the same array until something changes', () => {
    const timeline = createTimeline('r', 1_000);
    timeline.apply(created(1));
    const before = timeline.messages();
    assert.equal(timeline.messages(), before);
    timeline.apply(updated(2, 1, '****'));
    assert.notEqual(timeline.messages(), before);
    assert.equal(timeline.messages()[0]?.content, '****');
  });

  it('tells what a frame changed, and nothing for a repeat', () => {
    const timeline = createTimeline('r', 1_000);
    assert.equal(timeline.apply(created(1))[0]?.kind, 'message');
    assert.deepEqual(timeline.apply(removed(2, 1)), [{ kind: 'removed', ids: [1], reason: 'moderated' }]);
    assert.deepEqual(timeline.apply(created(1)), []);
    assert.deepEqual(timeline.apply(updated(3, 1, 'back?')), []);
    assert.deepEqual(timeline.apply({ type: 'message.hidden', room: 'r', offset: 4 }), []);
  });

  it('puts a restored message back whole, in its old place', () => {
    const timeline = createTimeline('r', 1_000);
    for (const id of [1, 2, 3]) timeline.apply(created(id));
    timeline.apply(removed(4, 2));
    assert.equal(timeline.get(2)?.content, undefined);
    const whole = message(2, { status: 'visible' });
    timeline.apply({ type: 'message.restored', room: 'r', offset: 5, messages: [whole] });
    assert.deepEqual(idsOf(timeline.messages()), [1, 2, 3]);
    assert.equal(timeline.get(2)?.content, 'text 2');
  });

  it('remembers what happened to a message that history has not brought yet', () => {
    const timeline = createTimeline('r', 1_000);
    timeline.apply(created(50));
    timeline.startsAt(50, 50);
    timeline.apply(updated(51, 20, '****'));
    timeline.apply(removed(52, 21));
    timeline.addPage(page(50, [20, 21, 22], true));
    assert.deepEqual(idsOf(timeline.messages()), [20, 21, 22, 50]);
    assert.equal(timeline.get(20)?.content, '****');
    assert.equal(timeline.get(21)?.status, 'removed');
    assert.equal(timeline.get(22)?.content, 'text 22');
    assert.equal(timeline.floor(), 20);
  });

  it('says from where on it has heard everything, also after it had to forget', () => {
    const timeline = createTimeline('r', 1_000);
    timeline.startsAt(10_000, 10_000);
    for (let id = 1; id <= 2_001; id += 1) timeline.apply(updated(10_000 + id, id, '****'));
    assert.equal(timeline.heardFrom(), 10_001);
    timeline.reachesBack(9_000);
    assert.equal(timeline.heardFrom(), 9_000);
    assert.equal(timeline.floor(), 9_001);
  });

  it('lets the oldest go beyond its bound, and then asks history for them again', () => {
    const timeline = createTimeline('r', 20);
    timeline.startsAt(1, 0);
    for (let id = 1; id <= 21; id += 1) timeline.apply(created(id));
    timeline.trim(21);
    assert.deepEqual([timeline.floor(), timeline.heardFrom(), timeline.hasOlder()], [3, 21, true]);
    assert.equal(timeline.messages().length, 19);
  });

  it('knows that nothing is older in a room whose log begins here', () => {
    const timeline = createTimeline('r', 20);
    timeline.startsAt(1, 0);
    assert.equal(timeline.hasOlder(), false);
    timeline.startsAt(2, 5);
    assert.equal(timeline.hasOlder(), true);
  });
});
