import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LoggedMessage, LogSlice } from '../../src/rooms/log-types.ts';
import { frameOf, parseLive, replayEvents } from '../../src/rooms/replay.ts';
import { publicMessage, tombstone } from '../../src/rooms/view.ts';

const BOB = { user: 'bob', moderator: false };
const ANN = { user: 'ann', moderator: false };
const message = (id: number, more: Partial<LoggedMessage> = {}): LoggedMessage => ({
  id,
  revision: 1,
  room: 'r',
  user: 'ann',
  content: `text ${id}`,
  timestamp: '2026-01-01T00:00:00.000Z',
  status: 'visible',
  ...more,
});
const removed = (id: number) => {
  const { content: _content, ...rest } = message(id, { status: 'removed', reason: 'moderated' });
  return rest;
};
const slice = (entries: LogSlice['entries'], messages: LoggedMessage[]): LogSlice => ({
  epoch: 'e',
  end: 99,
  reaches: entries.at(-1)?.offset ?? 0,
  entries,
  messages: new Map(messages.map(one => [one.id, one])),
});
type Frame = {
  type: string;
  offset: number;
  ids?: number[];
  messages?: { id: number; content?: string }[];
  id?: number;
};
const replay = (part: LogSlice, viewer = BOB) =>
  replayEvents('r', part, viewer).map(event => JSON.parse(event) as Frame);

describe('replay', () => {
  it('names a message created in the range once, as it stands now', () => {
    const part = slice(
      [
        { offset: 5, kind: 'c', ids: [5] },
        { offset: 6, kind: 'u', ids: [5] },
        { offset: 7, kind: 'r', ids: [5], reason: 'moderated' },
      ],
      [removed(5)],
    );
    assert.deepEqual(replay(part), [
      { type: 'message.removed', room: 'r', offset: 5, ids: [5], reason: 'moderated' },
    ]);
  });

  it('tells what became of older messages at their last mention', () => {
    const part = slice(
      [
        { offset: 5, kind: 'u', ids: [1, 2] },
        { offset: 6, kind: 'u', ids: [1] },
      ],
      [message(1, { status: 'masked', content: '****' }), message(2)],
    );
    const events = replay(part);
    assert.deepEqual(
      events.map(({ offset, messages }) => [offset, messages?.map(({ id, content }) => [id, content])]),
      [
        [5, [[2, undefined]]],
        [6, [[1, '****']]],
      ],
    );
  });

  it('brings a restored message whole, and one removed after it was restored as removed', () => {
    const entries: LogSlice['entries'] = [{ offset: 5, kind: 's', ids: [1, 2] }];
    const events = replay(slice(entries, [message(1), removed(2)]));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['message.restored', 'message.removed'],
    );
    assert.equal(events[0]?.messages?.[0]?.content, 'text 1');
  });

  it('shows a held message to its author alone', () => {
    const held = message(5, { status: 'held', audience: 'author', reason: 'held' });
    const part = slice([{ offset: 5, kind: 'c', ids: [5] }], [held]);
    assert.deepEqual(replay(part, BOB), [{ type: 'message.hidden', room: 'r', offset: 5, id: 5 }]);
    assert.equal(replay(part, ANN)[0]?.type, 'message.created');
  });

  it('gives exactly one frame an offset where a live hole is filled', () => {
    const part = slice(
      [
        { offset: 5, kind: 'c', ids: [5] },
        { offset: 6, kind: 'u', ids: [4, 5] },
        { offset: 7, kind: 'r', ids: [5], reason: 'moderated' },
        { offset: 8, kind: 'u', ids: [4], author: 'ann', reason: 'held' },
      ],
      [message(4, { status: 'held', audience: 'author', reason: 'held' }), removed(5)],
    );
    const types = (viewer: typeof BOB) =>
      part.entries.map(entry => {
        const frame = JSON.parse(frameOf('r', entry, part, viewer)) as Frame;
        assert.equal(frame.offset, entry.offset);
        return frame.type;
      });
    assert.deepEqual(types(BOB), ['message.hidden', 'message.hidden', 'message.removed', 'message.removed']);
    assert.deepEqual(types(ANN), ['message.hidden', 'message.updated', 'message.removed', 'message.updated']);
  });

  it('never shows the text of a removed message, or of one that the viewer may not see', () => {
    const states = fc.constantFrom<Partial<LoggedMessage>>(
      {},
      { status: 'masked', content: '***' },
      { status: 'removed', reason: 'moderated', content: 'secret' },
      { status: 'held', audience: 'author', reason: 'held', content: 'secret' },
      { audience: 'author', reason: 'moderated', content: 'secret' },
    );
    const kinds = fc.constantFrom<'u' | 'r' | 's'>('u', 'r', 's');
    fc.assert(
      fc.property(
        fc.array(states, { minLength: 1, maxLength: 8 }),
        fc.array(kinds, { maxLength: 8 }),
        (all, later) => {
          const messages = all.map((state, i) => message(i + 1, { content: 'fine', ...state }));
          const ids = messages.map(({ id }) => id);
          const entries: LogSlice['entries'] = [
            ...ids.map(id => ({ offset: id, kind: 'c' as const, ids: [id] })),
            ...later.map((kind, i) => ({ offset: ids.length + 1 + i, kind, ids })),
          ];
          const part = slice(entries, messages);
          const frames = entries.map(entry => frameOf('r', entry, part, BOB));
          assert.ok(!JSON.stringify([replayEvents('r', part, BOB), frames]).includes('secret'));
          const named = new Set(
            replay(part).flatMap(({ type, offset, ids: gone = [], id, messages: some = [] }) => [
              ...(type === 'message.created' ? [offset] : []),
              ...gone,
              ...(id === undefined ? [] : [id]),
              ...some.map(one => one.id),
            ]),
          );
          assert.deepEqual([...named].sort(), ids);
        },
      ),
    );
  });
});

describe('what a viewer sees', () => {
  it('leaves out what only moderators and the pipeline know', () => {
    const verdict = { action: 'flag' as const, rules: ['secret/rule'], spans: [], policy: 'p' };
    const shown = publicMessage(
      message(1, { verdict, batch: 'b', announcedAt: 'x', reason: 'moderated', audience: 'author' }),
    );
    assert.deepEqual(Object.keys(shown).sort(), [
      'content',
      'id',
      'revision',
      'room',
      'status',
      'timestamp',
      'user',
    ]);
  });

  it('makes a tombstone of id, reason and time alone', () => {
    assert.deepEqual(tombstone(removed(3), { user: 'bob', moderator: false }), {
      id: 3,
      status: 'removed',
      reason: 'moderated',
      timestamp: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('live channel', () => {
  it('is read with one frame for all, with two, and as the word of a new epoch', () => {
    assert.deepEqual(parseLive('e 5 -\n{"a":1}'), { epoch: 'e', offset: 5, frame: '{"a":1}' });
    assert.deepEqual(parseLive('e 5 ann\n{"a":1}\n{"b":2}'), {
      epoch: 'e',
      offset: 5,
      author: 'ann',
      frame: '{"a":1}',
      others: '{"b":2}',
    });
    assert.deepEqual(parseLive('e2 - -'), { epoch: 'e2' });
  });
});
