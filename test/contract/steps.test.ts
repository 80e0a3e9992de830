import assert from 'node:assert/strict';
import { createActivities } from '../../activities/index.ts';
import { createLogger } from '../../src/logger.ts';
import type { Submission, Verdict } from '../../src/message.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { createMessageStore, type MessageStore } from '../../src/store/messages.ts';
import { messageFlow } from '../../workflows/message-flow.ts';
import type { Steps } from '../../workflows/steps.ts';
import { listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

/** Analysers that do as the text says: what is under test is what becomes of their results. */
const verdictOf = (content: string): Verdict => {
  const rude = content.indexOf('rude');
  const word = /^(hold|shadow|bounce|block)\b/.exec(content)?.[1] as Verdict['action'] | undefined;
  const action = word ?? (rude < 0 ? 'allow' : 'mask');
  return { action, rules: [], spans: rude < 0 ? [] : [[rude, rude + 4]], policy: 'test' };
};
const ANALYSERS = {
  language: {
    version: 'l1',
    detect(text: string) {
      if (text.includes('poison')) throw new TypeError(`cannot read ${text}`);
      return { code: 'en', confidence: 1 };
    },
  },
  judge: { version: 'm1', judge: ({ content }: { content: string }) => verdictOf(content) },
  sentiment: { version: 's1', analyse: () => ({ score: 0.5, label: 'positive' as const }) },
};

describe('steps of the flow, on the real log and store', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  let store: MessageStore;
  let steps: Steps;
  let batches = 0;
  before(async () => {
    opened = await openRoomLog();
    store = createMessageStore(opened.pool);
    const deps = { outcomes: opened.outcomes, store, metrics: createWorkerMetrics() };
    steps = createActivities({
      analysers: ANALYSERS,
      ...deps,
      logger: createLogger({ level: 'silent', part: 'test' }),
    });
  });
  after(() => opened.close());

  async function send(room: string, content: string, clientId = `c${Math.random().toString(36).slice(2)}`) {
    const ack = await opened.log.append({ room, user: 'ann', clientId, content });
    assert.ok(!('refused' in ack));
    const { epoch } = await opened.log.head(room);
    const { id, offset, revision, timestamp } = ack;
    return {
      room,
      epoch,
      id,
      offset,
      revision,
      user: 'ann',
      clientId,
      content,
      timestamp,
    } satisfies Submission;
  }
  const batchOf = (...submissions: Submission[]) => {
    batches += 1;
    return { id: `batch-${batches}`, dispatchedAt: new Date().toISOString(), submissions };
  };
  const run = (...submissions: Submission[]) =>
    messageFlow(batchOf(...submissions), { steps, poison: () => undefined });
  const rowsOf = async (room: string) => (await store.page(room, { limit: 100 })).rows;

  it('stores what was announced, with the batch, and keeps the original of a masked text', async () => {
    const room = newRoom();
    const summary = await run(await send(room, 'hello'), await send(room, 'so rude'));
    assert.equal(summary.stored, 2);
    const rows = await rowsOf(room);
    assert.deepEqual(
      rows.map(({ content, status, original, batch }) => [content, status, original, batch]),
      [
        ['hello', 'visible', undefined, `batch-${batches}`],
        ['so ****', 'masked', 'so rude', `batch-${batches}`],
      ],
    );
    assert.deepEqual(rows[0]?.versions, { language: 'l1', moderation: 'm1', sentiment: 's1' });
    const head = await opened.log.head(room);
    assert.equal(head.processedThrough, head.end);
  });

  it('changes nothing when a batch runs again, or overlaps another one', async () => {
    const room = newRoom();
    const [a, b, c] = [await send(room, 'a'), await send(room, 'b rude'), await send(room, 'c')];
    await Promise.all([run(a, b), run(b, c), run(c, a)]);
    await run(a, b, c);
    assert.deepEqual(
      (await rowsOf(room)).map(({ id }) => id),
      [1, 2, 3],
    );
    const slice = await opened.log.since(room, { epoch: a.epoch, offset: 3 });
    assert.ok(!('lost' in slice));
    assert.deepEqual(slice.entries.flatMap(({ ids }) => ids).sort(), [1, 2, 3]);
  });

  it('sets a poisonous message aside with its cause, without its text, and stores its neighbours', async () => {
    const room = newRoom();
    const summary = await run(
      await send(room, 'before'),
      await send(room, 'poison'),
      await send(room, 'after'),
    );
    assert.deepEqual([summary.stored, summary.deadLettered], [2, 1]);
    const [letter] = (await store.deadLetters({ limit: 100 })).filter(one => one.room === room);
    assert.deepEqual([letter?.messageId, letter?.step, letter?.cause], [2, 'analyse', 'TypeError']);
    assert.equal((await opened.log.head(room)).processedThrough, (await opened.log.head(room)).end);
  });

  it('withdraws a repeat of a clientId that came after the dedup window, once, and keeps a tombstone', async () => {
    const room = newRoom();
    const first = await send(room, 'same', 'again');
    await run(first);
    await opened.redis.del(opened.log.keysOf(room).dedup('ann', 'again'));
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    const second = await send(room, 'same', 'again');
    assert.notEqual(second.id, first.id);
    assert.equal((await run(second)).duplicates, 1);
    await run(second);
    await until('the removal', () => bob.frames.some(({ type }) => type === 'message.removed'));
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.filter(({ type }) => type === 'message.removed').map(({ ids, reason }) => [ids, reason]),
      [[[second.id], 'duplicate']],
    );
    assert.deepEqual(
      (await rowsOf(room)).map(({ status, reason, content }) => [status, reason, content]),
      [
        ['visible', undefined, 'same'],
        ['removed', 'duplicate', undefined],
      ],
    );
    const head = await opened.log.head(room);
    assert.equal(head.processedThrough, head.end);
  });

  it('sets aside what the database refuses, and stores the rest', async () => {
    const room = newRoom();
    const bad = { ...(await send(room, 'x')), content: 'nul \0' };
    const summary = await run(await send(room, 'good'), bad, await send(room, 'fine'));
    assert.deepEqual([summary.stored, summary.deadLettered], [2, 1]);
    assert.equal((await opened.log.head(room)).processedThrough, (await opened.log.head(room)).end);
  });

  it('stores a batch of an epoch that was lost, and announces it whole to those who are there', async () => {
    const room = newRoom();
    const old = await send(room, 'from before');
    const keys = opened.log.keysOf(room);
    await opened.redis.del(keys.meta, keys.log, keys.state, keys.open);
    const now = await send(room, 'from after');
    assert.ok(now.id > old.id + 1_000_000 && now.epoch !== old.epoch);
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    await run(old);
    await until('it is announced', () => bob.frames.length === 1);
    opened.hub.leave(bob.member, room);
    assert.equal(bob.frames[0]?.type, 'message.restored');
    assert.deepEqual(
      (await rowsOf(room)).map(({ id, content }) => [id, content]),
      [[old.id, 'from before']],
    );
    await run(now);
    const head = await opened.log.head(room);
    assert.equal(head.processedThrough, head.end);
  });

  describe('where the log was rolled back behind what is under way', () => {
    /** Takes the log of a room back to an offset, as an older append-only file does. */
    async function rollBack(room: string, end: number) {
      const keys = opened.log.keysOf(room);
      for (let id = end + 1; id <= (await opened.log.head(room)).end; id += 1) {
        await opened.redis.hdel(keys.state, String(id));
        await opened.redis.xdel(keys.log, `${id}-0`);
        await opened.redis.zrem(keys.open, String(id));
      }
      await opened.redis.hset(keys.meta, 'end', end);
    }
    async function joined(room: string) {
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      return bob;
    }
    const restored = (frames: Awaited<ReturnType<typeof joined>>['frames']) =>
      frames
        .filter(({ type }) => type === 'message.restored')
        .flatMap(({ messages }) => messages as { id: number }[]);

    it('the announcement notices it, begins a new epoch and tells the members', async () => {
      const room = newRoom();
      const [kept, lost] = [await send(room, 'kept'), await send(room, 'lost')];
      const bob = await joined(room);
      await rollBack(room, kept.id);
      await run(kept, lost);
      await until('what is not in the log is restored', () => restored(bob.frames).length === 2);
      assert.notEqual(bob.pages.at(-1)?.epoch, kept.epoch);
      assert.deepEqual(
        (await rowsOf(room)).map(({ id, status }) => [id, status]),
        [
          [kept.id, 'visible'],
          [lost.id, 'visible'],
        ],
      );
      const head = await opened.log.head(room);
      assert.equal(head.processedThrough, head.end);
      opened.hub.leave(bob.member, room);
    });

    const ways: [string, (kept: Submission, lost: Submission) => Promise<unknown>][] = [
      [
        'rolled back',
        async (kept, lost) => {
          await rollBack(kept.room, kept.id);
          await opened.log.renew(kept.room, kept.epoch, lost.id);
        },
      ],
      [
        'gone',
        async ({ room }) => {
          const { meta, log, state, open } = opened.log.keysOf(room);
          await opened.redis.del(meta, log, state, open);
        },
      ],
    ];
    for (const [what, loseLog] of ways) {
      it(`what was announced in a log that is ${what} then, and is stored after members reloaded, is told of anew`, async () => {
        const room = newRoom();
        const [kept, lost] = [await send(room, 'kept'), await send(room, 'lost')];
        let bob: Awaited<ReturnType<typeof joined>> | undefined;
        const persist: Steps['persist'] = async input => {
          await loseLog(kept, lost);
          bob = await joined(room);
          return await steps.persist(input);
        };
        await messageFlow(batchOf(kept, lost), { steps: { ...steps, persist }, poison: () => undefined });
        await until('both are told of', () => restored(bob!.frames).length === 2);
        const head = await opened.log.head(room);
        assert.equal(head.processedThrough, head.end);
        opened.hub.leave(bob!.member, room);
      });
    }
  });

  it('gives author and others what each action says, live and for those who come later', async () => {
    const room = newRoom();
    const [ann, bob] = [listener('ann'), listener('bob')];
    for (const { member, onPage } of [ann, bob]) await opened.hub.join(member, { room, recent: 0 }, onPage);
    const texts = ['hold it', 'shadow it', 'bounce it', 'block it'];
    for (const text of texts) await run(await send(room, text));
    await until('all frames', () => ann.frames.length === 8 && bob.frames.length === 8);
    const fate = (frames: typeof ann.frames) =>
      frames.filter(({ type }) => type !== 'message.created').map(({ type, reason }) => [type, reason]);
    assert.deepEqual(fate(ann.frames), [
      ['message.updated', undefined],
      ['message.updated', undefined],
      ['message.removed', 'moderated'],
      ['message.removed', 'moderated'],
    ]);
    assert.deepEqual(fate(bob.frames), [
      ['message.removed', 'held'],
      ['message.removed', 'moderated'],
      ['message.removed', 'moderated'],
      ['message.removed', 'moderated'],
    ]);
    for (const { member } of [ann, bob]) opened.hub.leave(member, room);
    const later = listener('bob');
    await opened.hub.join(later.member, { room, recent: 50 }, later.onPage);
    opened.hub.leave(later.member, room);
    assert.ok(texts.every(text => !JSON.stringify(later.pages).includes(text)));
  });
});
