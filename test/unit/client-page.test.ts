import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PendingMessage, RoomMessage } from '../../src/client/index.ts';
import { ParleyError } from '../../src/client/index.ts';
import { USER_PATTERN } from '../../src/message.ts';
import { hashOf, initialsOf, roomNameProblem, userIdFor } from '../../src/web/names.ts';
import { type FailedMessage, type Row, rowsOf } from '../../src/web/rows.ts';
import { dayWords, refusalWords, removalWords } from '../../src/web/words.ts';

/** A time of day of the reader's own, so that days fall where the reader has them. */
const at = (hour: number, minute: number, day = 2) => new Date(2026, 0, day, hour, minute).toISOString();

function message(id: number, more: Partial<RoomMessage> = {}): RoomMessage {
  const user = 'ann';
  return {
    id,
    revision: 1,
    room: 'r',
    user,
    content: `${id}`,
    timestamp: at(9, id),
    status: 'visible',
    ...more,
  };
}
function rows(messages: RoomMessage[], local: { pending?: PendingMessage[]; failed?: FailedMessage[] } = {}) {
  const { pending = [], failed = [] } = local;
  return rowsOf({ room: 'r', user: 'ann', name: 'Ann', messages, pending, failed });
}
const starts = (all: Row[]) => all.flatMap(row => (row.kind === 'message' ? [row.starts] : []));

describe('page: the lines of a room', () => {
  it('groups what one author says within five minutes', () => {
    const all = rows([
      message(1),
      message(2),
      message(3, { user: 'ben' }),
      message(4),
      message(5, { timestamp: at(9, 10) }),
    ]);
    assert.deepEqual(starts(all), [true, false, true, true, true]);
  });

  it('puts a line between two days, and starts a new group there', () => {
    const all = rows([message(1, { timestamp: at(23, 59) }), message(2, { timestamp: at(0, 1, 3) })]);
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['day', 'message', 'day', 'message'],
    );
    assert.deepEqual(starts(all), [true, true]);
  });

  it('keeps the place of an own message when it is acknowledged', () => {
    const createdAtMs = Date.parse(at(9, 0));
    const sending = rows([], { pending: [{ clientId: 'c', content: 'hello', createdAtMs }] });
    const acknowledged = rows([message(1, { clientId: 'c', content: 'hello' })]);
    assert.equal(sending.at(-1)?.key, acknowledged.at(-1)?.key);
    assert.notEqual(rows([message(1, { clientId: 'c', user: 'ben' })]).at(-1)?.key, sending.at(-1)?.key);
  });

  it('shows own messages on their way and refused ones after all others, under the own name', () => {
    const createdAtMs = Date.parse(at(8, 0));
    const all = rows([message(1, { user: 'ben' })], {
      pending: [{ clientId: 'p', content: 'on its way', createdAtMs }],
      failed: [{ clientId: 'f', content: 'refused', createdAtMs, reason: 'because', retryable: false }],
    });
    const shown = all.flatMap(row => (row.kind === 'message' ? [row.message] : []));
    assert.deepEqual(
      shown.map(({ local }) => local),
      [undefined, 'failed', 'sending'],
    );
    assert.equal(shown[2]?.name, 'Ann');
  });

  it('leaves out a withdrawn duplicate', () => {
    assert.equal(rows([message(1, { status: 'removed', reason: 'duplicate' })]).length, 0);
  });
});

describe('page: names', () => {
  it('makes a user id that the service takes of every name', () => {
    assert.equal(userIdFor('Ann Lindqvist'), 'ann-lindqvist');
    assert.equal(userIdFor('Zoë Weiß'), 'zoe-weiss');
    assert.match(userIdFor('李雷'), /^guest-\d+$/);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), name => USER_PATTERN.test(userIdFor(name))));
  });

  it('says what is wrong with a room’s name', () => {
    assert.equal(roomNameProblem('design-review.2'), undefined);
    assert.match(roomNameProblem('') ?? '', /Type the name/);
    assert.match(roomNameProblem('a b') ?? '', /no spaces/);
    assert.match(roomNameProblem('-a') ?? '', /begins with/);
    assert.match(roomNameProblem('über') ?? '', /begins with/);
    assert.match(roomNameProblem('a/b') ?? '', /Use the letters/);
    assert.match(roomNameProblem('x'.repeat(65)) ?? '', /64 characters/);
  });

  it('finds initials, and always the same colour', () => {
    assert.equal(initialsOf('Ann Lindqvist'), 'AL');
    assert.equal(initialsOf('ben.okafor@example'), 'BO');
    assert.equal(initialsOf('😀'), '😀');
    assert.equal(initialsOf(''), '?');
    assert.equal(hashOf('ann'), hashOf('ann'));
  });
});

describe('page: words', () => {
  it('has a sentence for a refusal, and the service’s own where it knows none', () => {
    const details = { retryable: false };
    assert.match(refusalWords(new ParleyError('blocked', 'x', details)), /does not accept/);
    assert.equal(refusalWords(new ParleyError('id_conflict', 'Used before.', details)), 'Used before.');
    assert.match(refusalWords(new TypeError('secret')), /Something went wrong/);
  });

  it('names today and yesterday, the weekday of this year, and the year of older days', () => {
    const now = new Date(2026, 5, 10, 0, 30);
    assert.equal(dayWords(new Date(2026, 5, 10, 0, 1), now), 'Today');
    assert.equal(dayWords(new Date(2026, 5, 9, 23, 59), now), 'Yesterday');
    assert.match(dayWords(new Date(2026, 2, 3), now), /Tuesday/);
    assert.match(dayWords(new Date(2025, 2, 3), now), /2025/);
  });

  it('tells the author why a message is gone, and the others that it is', () => {
    const removed = message(1, { status: 'removed', reason: 'moderated' });
    assert.match(removalWords(removed, true), /^Your message/);
    assert.match(removalWords(removed, false), /removed by moderation/);
  });
});
