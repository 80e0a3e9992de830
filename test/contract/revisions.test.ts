import assert from 'node:assert/strict';
import type { Outcome, Submission } from '../../src/message.ts';
import { createAmend } from '../../src/rooms/amend.ts';
import { messageOf } from '../../src/rooms/outcomes.ts';
import { createRevisions, type Revision } from '../../src/rooms/revisions.ts';
import { type Frame, listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

const OPTIONS = { partitions: 16, retentionEntries: 1_000, retentionMs: 3_600_000, dedupWindowMs: 3_600_000 };
const STARS: Partial<Outcome> = {
  status: 'masked',
  verdict: { action: 'mask', rules: ['own'], spans: [[0, 1]], policy: 'p2' },
};
const GONE: Partial<Outcome> = {
  status: 'removed',
  reason: 'moderated',
  verdict: { action: 'block', rules: ['own'], spans: [], policy: 'p2' },
};
const ALONE: Partial<Outcome> = {
  status: 'held',
  reason: 'held',
  audience: 'author',
  verdict: { action: 'hold', rules: ['own'], spans: [], policy: 'p2' },
};

describe('outcomes that a run over history replaces, in the log', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  let revisions: ReturnType<typeof createRevisions>;
  let amend: ReturnType<typeof createAmend>;
  before(async () => {
    opened = await openRoomLog();
    const { log, redis, outcomes } = opened;
    revisions = createRevisions({ log, redis, outcomes, options: { maxUnstored: 10_000 } });
    const state = (room: string, id: number) => redis.hget(log.keysOf(room).state, String(id));
    const stored = async () => undefined;
    amend = createAmend({ log, options: { ...OPTIONS, maxUnstored: 10_000 }, state, stored });
  });
  after(() => opened.close());

  function outcomeOf(id: number, more: Partial<Outcome> = {}): Outcome {
    return {
      id,
      revision: 1,
      status: 'visible',
      audience: 'all',
      language: { code: 'en', confidence: 1 },
      sentiment: { score: 0, label: 'neutral' },
      verdict: { action: 'allow', rules: [], spans: [], policy: 'p1' },
      versions: { language: 'l', moderation: 'm', sentiment: 's' },
      ...more,
    };
  }
  /** A room with as many visible messages by Ann, stored; `became` is one of them with another outcome. */
  async function told(count: number) {
    const room = newRoom();
    const submissions: Submission[] = [];
    for (let i = 1; i <= count; i += 1) {
      const ack = await opened.log.append({ room, user: 'ann', clientId: `c${i}`, content: `x text ${i}` });
      assert.ok(!('refused' in ack));
      const { id, offset, revision, timestamp } = ack;
      const { epoch } = await opened.log.head(room);
      const content = `x text ${i}`;
      submissions.push({
        room,
        epoch,
        id,
        offset,
        revision,
        user: 'ann',
        clientId: `c${i}`,
        content,
        timestamp,
      });
    }
    const announcements = submissions.map(submission => ({ submission, outcome: outcomeOf(submission.id) }));
    await opened.outcomes.announce(room, 'batch-1', announcements);
    await opened.outcomes.settle(room, submissions);
    const became = (id: number, more: Partial<Outcome>, was: Revision['was'] = 'visible'): Revision => ({
      message: messageOf(
        submissions[id - 1]!,
        outcomeOf(id, more),
        'reprocess-1',
        '2026-01-01T00:00:00.000Z',
      ),
      was,
    });
    return { room, became };
  }
  async function joined(room: string, user: string) {
    const heard = listener(user);
    await opened.hub.join(heard.member, { room, recent: 100 }, heard.onPage);
    return heard;
  }
  const wordsOf = ({ type, ids, messages }: Frame) =>
    `${type} ${(ids as number[] | undefined) ?? (messages as { id: number; status: string }[] | undefined)?.map(({ id, status }) => `${id} ${status}`) ?? ''}`.trim();

  it('are told once in a frame for each kind, however often that is asked for, and stay open until they are stored', async () => {
    const { room, became } = await told(4);
    const [ann, bob] = [await joined(room, 'ann'), await joined(room, 'bob')];
    const { end } = await opened.log.head(room);
    const changed = [became(1, STARS), became(2, GONE), became(3, ALONE), became(4, STARS)];
    const first = await revisions.announce(room, 'run-1', changed);
    assert.deepEqual([...first!.offsets].sort(), [
      [1, end + 1],
      [2, end + 2],
      [3, end + 3],
      [4, end + 1],
    ]);
    assert.deepEqual(await revisions.announce(room, 'run-1', changed), first);
    assert.deepEqual(await revisions.announce(room, 'run-1', []), first, 'and can be asked for');
    await until('all was heard', () => ann.frames.length >= 3 && bob.frames.length >= 3);
    assert.deepEqual(ann.frames.map(wordsOf), [
      'message.updated 1 masked,4 masked',
      'message.removed 2',
      'message.updated 3 held',
    ]);
    assert.deepEqual(bob.frames.map(wordsOf).at(-1), 'message.removed 3');
    assert.doesNotMatch(JSON.stringify(bob.frames), /x text [123]/);
    assert.equal((await opened.log.head(room)).processedThrough, end);
    await revisions.settle(room, 'run-1');
    const head = await opened.log.head(room);
    assert.deepEqual([head.end, head.processedThrough], [end + 3, end + 3]);
    await revisions.settle(room, 'run-1');
    assert.equal(await revisions.announce(room, 'run-1', []), undefined, 'and is forgotten');
    const { events } = await joined(room, 'bob');
    assert.deepEqual(
      events().map(({ type }) => type),
      ['message.created', 'message.created', 'message.hidden', 'message.created'],
    );
  });

  it('leave out what was edited, deleted or decided on meanwhile', async () => {
    const { room, became } = await told(4);
    await amend.edit({ room, id: 1, user: 'ann', content: 'another text' });
    await amend.remove({ room, id: 2, user: 'ann', moderator: false });
    await amend.decide({ room, id: 3, action: 'remove', by: 'mod' });
    const bob = await joined(room, 'bob');
    const changed = [became(1, GONE), became(2, STARS), became(3, STARS), became(4, GONE)];
    const done = await revisions.announce(room, 'run-2', changed);
    assert.deepEqual([...done!.offsets.keys()], [4]);
    await until('it was heard', () => bob.frames.length > 0);
    assert.deepEqual(bob.frames.map(wordsOf), ['message.removed 4']);
    const { messages } = await opened.log.recent(room, 10);
    assert.deepEqual(
      messages.map(({ status, reason }) => reason ?? status),
      ['pending', 'deleted', 'moderated', 'moderated'],
    );
  });

  it('come back whole where they were removed or starred', async () => {
    const { room, became } = await told(3);
    await revisions.announce(room, 'run-3', [became(1, GONE), became(2, STARS), became(3, ALONE)]);
    await revisions.settle(room, 'run-3');
    const bob = await joined(room, 'bob');
    const back = [became(1, {}, 'removed'), became(2, {}, 'masked'), became(3, {}, 'hidden')];
    await revisions.announce(room, 'run-4', back);
    await until('they are heard', () => bob.frames.length > 0);
    assert.deepEqual(bob.frames.map(wordsOf), ['message.restored 1 visible,2 visible,3 visible']);
    const messages = bob.frames[0]!.messages as { content: string }[];
    assert.deepEqual(
      messages.map(({ content }) => content),
      ['x text 1', 'x text 2', 'x text 3'],
    );
  });

  it('are refused where the log takes no more, and nothing is told', async () => {
    const { room, became } = await told(1);
    const { log, redis, outcomes } = opened;
    const full = createRevisions({ log, redis, outcomes, options: { maxUnstored: 0 } });
    const { end } = await log.head(room);
    await assert.rejects(full.announce(room, 'run-5', [became(1, GONE)]), { name: 'Unavailable' });
    assert.equal((await log.head(room)).end, end);
  });
});
