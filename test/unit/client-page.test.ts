import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PendingMessage, RoomMessage } from '../../src/client/index.ts';
import { ParleyError } from '../../src/client/index.ts';
import { USER_PATTERN } from '../../src/message.ts';
import { hashOf, initialsOf, rolesOf, roomNameProblem, userIdFor } from '../../src/web/names.ts';
import { type FailedMessage, lastEditable, type Row, rowsOf } from '../../src/web/rows.ts';
import {
  dayWords,
  newWords,
  othersWords,
  refusalWords,
  removalWords,
  seenWords,
  typingWords,
} from '../../src/web/words.ts';

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

  it('draws a line above the first message of others that is new, once, and starts a group there', () => {
    const messages = [message(1, { user: 'ben' }), message(2), message(3, { user: 'ben' }), message(4)];
    const drawn = (newAfter: number | undefined) =>
      rowsOf({ room: 'r', user: 'ann', name: 'Ann', messages, pending: [], failed: [], newAfter });
    const kinds = (all: Row[]) => all.map(({ kind }) => kind);
    assert.deepEqual(kinds(drawn(1)), ['day', 'message', 'message', 'new', 'message', 'message']);
    assert.deepEqual(kinds(drawn(0)).indexOf('new'), 1);
    assert.ok(!kinds(drawn(3)).includes('new'));
    assert.ok(!kinds(drawn(undefined)).includes('new'));
  });

  it('says below a message who has read it, and marks what is being changed', () => {
    const seen = { id: 1, words: 'Read by Ben', title: 'Ben' };
    const input = { room: 'r', user: 'ann', name: 'Ann', pending: [], failed: [], seen };
    const all = rowsOf({ ...input, messages: [message(1), message(2)], changing: new Set([2]) });
    assert.deepEqual(
      all.map(row => (row.kind === 'message' ? (row.message.changing ?? row.message.id) : row.kind)),
      ['day', 1, 'seen', true],
    );
  });

  it('finds the newest own message that can be edited', () => {
    const messages = [message(1), message(2), message(3, { status: 'removed' }), message(4, { user: 'ben' })];
    assert.equal(lastEditable(messages, 'ann')?.id, 2);
    assert.equal(lastEditable(messages, 'cleo'), undefined);
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

  it('reads the roles of a token, and none of what is no token', () => {
    const body = Buffer.from(JSON.stringify({ sub: 'ann', name: 'Änn', roles: ['moderator', 7] }));
    assert.deepEqual(rolesOf(`x.${body.toString('base64url')}.y`), ['moderator']);
    for (const text of ['', 'x', 'a.b.c', 'a.bnVsbA.c', 'a.e30.c']) assert.deepEqual(rolesOf(text), []);
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

  it('tells how long to wait, and whether a room or a message was refused', () => {
    const refused = (code: 'rate_limited' | 'forbidden' | 'not_found', retryAfterMs?: number) =>
      new ParleyError(code, 'x', { retryable: retryAfterMs !== undefined, retryAfterMs });
    const waits = [300, 1_100, 45_000, 300_000].map(ms => refusalWords(refused('rate_limited', ms)));
    assert.deepEqual(
      waits.map(words => /Wait (.*), then/.exec(words)?.[1]),
      ['a second', '2 seconds', '45 seconds', '5 minutes'],
    );
    assert.equal(refusalWords(refused('forbidden')), 'You may not enter this room.');
    assert.equal(refusalWords(refused('forbidden'), 'message'), 'You may not change this message.');
    assert.equal(refusalWords(refused('not_found'), 'message'), 'The message is not here any more.');
  });

  it('names the few who type or have read, and counts the many', () => {
    assert.deepEqual([typingWords([]), typingWords(['Ann'])], ['', 'Ann is typing…']);
    assert.equal(typingWords(['Ann', 'Ben']), 'Ann and Ben are typing…');
    assert.equal(typingWords(['Ann', 'Ben', 'Cleo']), 'Several people are typing…');
    assert.equal(seenWords(['Ann', 'Ben']), 'Read by Ann and Ben');
    assert.equal(seenWords(['Ann', 'Ben', 'Cleo']), 'Read by 3');
    assert.deepEqual([newWords(1), newWords(2)], ['1 new message', '2 new messages']);
    assert.deepEqual([othersWords(1), othersWords(20)], ['and one more', 'and 20 more']);
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
