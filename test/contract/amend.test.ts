import assert from 'node:assert/strict';
import { createActivities } from '../../activities/index.ts';
import { createLogger } from '../../src/logger.ts';
import type { Verdict } from '../../src/message.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { createAmend } from '../../src/rooms/amend.ts';
import type { Ack } from '../../src/rooms/log-types.ts';
import { createMessageStore, type MessageStore } from '../../src/store/messages.ts';
import { messageFlow } from '../../workflows/message-flow.ts';
import type { Steps } from '../../workflows/steps.ts';
import { type Frame, listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

const verdictOf = (content: string): Verdict => {
  const rude = content.indexOf('rude');
  const action = content.startsWith('block') ? 'block' : rude < 0 ? 'allow' : 'mask';
  return { action, rules: [], spans: rude < 0 ? [] : [[rude, rude + 4]], policy: 'test' };
};
const ANALYSERS = {
  language: { version: 'l1', detect: () => ({ code: 'en', confidence: 1 }) },
  judge: { version: 'm1', judge: ({ content }: { content: string }) => verdictOf(content) },
  sentiment: { version: 's1', analyse: () => ({ score: 0, label: 'neutral' as const }) },
};
const OPTIONS = {
  partitions: 16,
  retentionEntries: 1_000,
  retentionMs: 3_600_000,
  dedupWindowMs: 3_600_000,
  maxUnstored: 10_000,
};

describe('edits and deletions, on the real log and store', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  let store: MessageStore;
  let steps: Steps;
  let amend: ReturnType<typeof createAmend>;
  let sent = 0;
  before(async () => {
    opened = await openRoomLog();
    store = createMessageStore(opened.pool);
    const deps = { outcomes: opened.outcomes, store, metrics: createWorkerMetrics() };
    steps = createActivities({
      analysers: ANALYSERS,
      ...deps,
      logger: createLogger({ level: 'silent', part: 'test' }),
    });
    amend = createAmend({
      log: opened.log,
      options: OPTIONS,
      state: (room, id) => opened.redis.hget(opened.log.keysOf(room).state, String(id)),
      stored: (room, id) => store.byId(room, id),
    });
  });
  after(() => opened.close());

  async function send(room: string, content: string): Promise<Ack> {
    sent += 1;
    const ack = await opened.log.append({ room, user: 'ann', clientId: `c${sent}`, content });
    assert.ok(!('refused' in ack));
    return ack;
  }
  /** Takes everything that waits in the room's partition through the flow, what other tests left there too. */
  async function process(room: string) {
    const { number } = opened.log.keysOf(room);
    const options = { count: 1_000, bytes: 1e6, waitMs: 10 };
    for (;;) {
      const entries = await opened.intake.read(new Map([[number, '0']]), options);
      if (entries.length === 0) return;
      const submissions = entries.flatMap(entry => ('submission' in entry ? [entry.submission] : []));
      const batch = { id: `b${sent}`, dispatchedAt: new Date().toISOString(), submissions };
      await messageFlow(batch, { steps, poison: () => undefined });
      await opened.intake.remove(entries);
    }
  }
  const row = async (room: string, id = 1) => await store.byId(room, id);
  const edit = (room: string, content: string, user = 'ann', id = 1) =>
    amend.edit({ room, id, user, content });
  const remove = (room: string, user = 'ann', moderator = false, id = 1) =>
    amend.remove({ room, id, user, moderator });
  const settled = async (room: string) => {
    const head = await opened.log.head(room);
    assert.equal(head.processedThrough, head.end);
  };

  it('takes an edit as a new revision through the pipeline, and tells everyone the new text', async () => {
    const room = newRoom();
    await send(room, 'frist');
    await process(room);
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    const ack = await edit(room, 'first, rude');
    assert.ok(!('refused' in ack));
    assert.deepEqual([ack.id, ack.offset, ack.revision, ack.duplicate], [1, 3, 2, false]);
    await process(room);
    await until('both frames', () => bob.frames.length === 2);
    opened.hub.leave(bob.member, room);
    const seen = bob.frames.map(({ type, offset, messages }: Frame) => {
      const [one] = messages as { revision: number; status: string; content: string }[];
      return [type, offset, one?.revision, one?.status, one?.content];
    });
    assert.deepEqual(seen, [
      ['message.updated', 3, 2, 'pending', 'first, rude'],
      ['message.updated', 4, 2, 'masked', 'first, ****'],
    ]);
    const stored = await row(room);
    assert.deepEqual(
      [stored?.revision, stored?.content, stored?.original],
      [2, 'first, ****', 'first, rude'],
    );
    assert.ok(stored?.editedAt);
    await settled(room);
  });

  it('lets no verdict for an older revision change a newer one, in whatever order they are stored', async () => {
    const room = newRoom();
    await send(room, 'block this');
    const { number } = opened.log.keysOf(room);
    const first = await opened.intake.read(new Map([[number, '0']]), { count: 100, bytes: 1e6, waitMs: 100 });
    await edit(room, 'fine now');
    await process(room);
    const late = first.flatMap(entry => ('submission' in entry ? [entry.submission] : []));
    await messageFlow(
      { id: 'late', dispatchedAt: new Date().toISOString(), submissions: late },
      { steps, poison: () => undefined },
    );
    const stored = await row(room);
    assert.deepEqual([stored?.revision, stored?.status, stored?.content], [2, 'visible', 'fine now']);
    const [message] = (await opened.log.recent(room, 5)).messages;
    assert.deepEqual([message?.revision, message?.status, message?.content], [2, 'visible', 'fine now']);
    await settled(room);
  });

  it('acknowledges an edit or deletion that changes nothing, and adds no entry', async () => {
    const room = newRoom();
    await send(room, 'same');
    const again = await edit(room, 'same');
    assert.ok(!('refused' in again) && again.duplicate && again.revision === 1);
    assert.ok(!('refused' in (await remove(room))));
    const gone = await remove(room);
    assert.ok(!('refused' in gone) && gone.duplicate);
    assert.equal((await opened.log.head(room)).end, 2);
  });

  it('lets the author alone edit, and the author or a moderator delete', async () => {
    const room = newRoom();
    await send(room, 'mine');
    assert.deepEqual(await edit(room, 'yours', 'bob'), { refused: 'forbidden' });
    assert.deepEqual(await remove(room, 'bob'), { refused: 'forbidden' });
    assert.ok(!('refused' in (await remove(room, 'mod', true))));
    assert.deepEqual(await edit(room, 'back again'), { refused: 'not_found' });
    assert.deepEqual(await edit(room, 'x', 'ann', 77), { refused: 'not_found' });
  });

  it('keeps a deleted message deleted, in the log and in the store, whenever its verdict comes', async () => {
    for (const processed of [true, false]) {
      const room = newRoom();
      await send(room, 'regret rude');
      if (processed) await process(room);
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      await remove(room);
      await process(room);
      await until('the removal', () => bob.frames.some(({ type }) => type === 'message.removed'));
      opened.hub.leave(bob.member, room);
      assert.equal(bob.frames.length, 1);
      const stored = await row(room);
      assert.deepEqual([stored?.status, stored?.reason, stored?.content], ['removed', 'deleted', undefined]);
      await settled(room);
    }
  });

  it('brings a message back whole when its author rephrases what moderation removed', async () => {
    const room = newRoom();
    await send(room, 'block this');
    await process(room);
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    await edit(room, 'a kinder word');
    await process(room);
    await until('both frames', () => bob.frames.length === 2);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type }) => type),
      ['message.restored', 'message.updated'],
    );
    assert.equal((await row(room))?.content, 'a kinder word');
  });

  it('changes a message that the log no longer has, as the store has it', async () => {
    const room = newRoom();
    await send(room, 'old');
    await process(room);
    const keys = opened.log.keysOf(room);
    await opened.redis.xtrim(keys.log, 'MAXLEN', '0');
    await opened.redis.del(keys.state);
    const ack = await edit(room, 'old, but edited');
    assert.ok(!('refused' in ack) && ack.revision === 2);
    await process(room);
    assert.deepEqual([(await row(room))?.content, (await row(room))?.revision], ['old, but edited', 2]);
    await remove(room);
    await process(room);
    assert.equal((await row(room))?.reason, 'deleted');
    await settled(room);
  });

  it('takes edits that come at once in some order, each on top of another', async () => {
    const room = newRoom();
    await send(room, 'zero');
    const acks = await Promise.all(['one', 'two', 'three'].map(content => edit(room, content)));
    assert.deepEqual(acks.map(ack => ('refused' in ack ? 0 : ack.revision)).sort(), [2, 3, 4]);
    await process(room);
    assert.equal((await row(room))?.revision, 4);
    await settled(room);
  });
});
