import assert from 'node:assert/strict';
import { createActivities } from '../../activities/index.ts';
import { createLogger } from '../../src/logger.ts';
import type { Submission } from '../../src/message.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { createRedrive } from '../../src/pipeline/redrive.ts';
import { createSetAside } from '../../src/pipeline/set-aside.ts';
import { createAmend } from '../../src/rooms/amend.ts';
import { createPutBack } from '../../src/rooms/put-back.ts';
import { createMessageStore, type MessageStore } from '../../src/store/messages.ts';
import { messageFlow } from '../../workflows/message-flow.ts';
import type { Steps } from '../../workflows/steps.ts';
import { listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

const RETENTION = 20;
const OPTIONS = {
  partitions: 16,
  retentionEntries: RETENTION,
  retentionMs: 3_600_000,
  dedupWindowMs: 3_600_000,
  maxUnstored: 10_000,
};

describe('redriving, on the real log and store', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  let store: MessageStore;
  let steps: Steps;
  let redrive: ReturnType<typeof createRedrive>;
  let mended = false;
  let batches = 0;
  const logger = createLogger({ level: 'silent', part: 'test' });
  const metrics = createWorkerMetrics();

  before(async () => {
    opened = await openRoomLog({ retentionEntries: RETENTION });
    store = createMessageStore(opened.pool);
    const analysers = {
      language: {
        version: 'l1',
        detect(text: string) {
          if (text.includes('poison') && !mended) throw new TypeError('unreadable');
          return { code: 'en', confidence: 1 };
        },
      },
      judge: {
        version: 'm1',
        judge: ({ content }: { content: string }) => ({
          action: content.includes('bad') ? ('block' as const) : ('allow' as const),
          rules: ['secret/rule'],
          spans: [],
          policy: 'test',
        }),
      },
      sentiment: { version: 's1', analyse: () => ({ score: 0.5, label: 'positive' as const }) },
    };
    const { outcomes, log } = opened;
    steps = createActivities({ analysers, outcomes, store, metrics, logger });
    redrive = createRedrive({ store, putBack: createPutBack({ log, options: OPTIONS }) });
  });
  beforeEach(() => {
    mended = false;
  });
  after(() => opened.close());

  /** Takes what the work puts into the room's intake through the pipeline; answers what was taken. */
  async function through(room: string, work: () => Promise<unknown>): Promise<Submission[]> {
    const { intake, number } = opened.log.keysOf(room);
    const [newest] = await opened.redis.xrevrange(intake, '+', '-', 'COUNT', 1);
    await work();
    const options = { count: 1_000, bytes: 1_000_000, waitMs: 100 };
    const entries = await opened.intake.read(new Map([[number, newest?.[0] ?? '0']]), options);
    const submissions = entries.flatMap(entry => ('submission' in entry ? [entry.submission] : []));
    await run(submissions);
    return submissions;
  }
  async function run(submissions: Submission[]) {
    if (submissions.length === 0) return;
    batches += 1;
    const batch = { id: `batch-${batches}`, dispatchedAt: new Date().toISOString(), submissions };
    await messageFlow(batch, { steps, poison: () => undefined });
  }
  const say = (room: string, ...texts: string[]) =>
    through(room, async () => {
      for (const content of texts) {
        const clientId = `c${Math.random().toString(36).slice(2)}`;
        assert.ok(!('refused' in (await opened.log.append({ room, user: 'ann', clientId, content }))));
      }
    });
  const lettersOf = async (room: string) =>
    (await store.deadLetters({ limit: 1_000 })).filter(letter => letter.room === room);
  async function listening(room: string) {
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    return bob;
  }
  async function settled(room: string) {
    const head = await opened.log.head(room);
    assert.equal(head.processedThrough, head.end);
    assert.equal(await opened.redis.exists(opened.log.keysOf(room).owed), 0);
  }
  const amend = () =>
    createAmend({
      log: opened.log,
      options: OPTIONS,
      state: (room, id) => opened.redis.hget(opened.log.keysOf(room).state, String(id)),
      stored: (room, id) => store.byId(room, id),
    });

  it('announces a message whole, once, and stores it; nothing but what all may know goes out', async () => {
    const room = newRoom();
    const [poison] = await say(room, 'poison at first');
    const [letter] = await lettersOf(room);
    const bob = await listening(room);
    mended = true;
    const redriven = await through(room, async () => {
      assert.deepEqual(await redrive([letter!.id]), [{ id: letter!.id, result: 'redriven' }]);
    });
    assert.deepEqual(redriven, [{ ...poison, redrive: 1 }]);
    await run(redriven);
    await say(room, 'the next one');
    await until('all is heard', () => bob.frames.some(({ type }) => type === 'message.updated'));
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type }) => type),
      ['message.restored', 'message.created', 'message.updated'],
    );
    const { id, clientId, timestamp } = poison!;
    const enriched = {
      language: { code: 'en', confidence: 1 },
      sentiment: { score: 0.5, label: 'positive' },
    };
    assert.deepEqual(bob.frames[0]!.messages, [
      {
        ...{ id, revision: 1, room, user: 'ann', content: 'poison at first', timestamp, clientId },
        ...{ status: 'visible', ...enriched },
      },
    ]);
    const row = await store.byId(room, id);
    assert.deepEqual([row?.content, row?.status, row?.epoch], ['poison at first', 'visible', poison!.epoch]);
    await settled(room);
    assert.deepEqual(await redrive([letter!.id]), [{ id: letter!.id, result: 'stored' }]);
    assert.ok((await lettersOf(room))[0]!.redrivenAt);
  });

  it('restores one that the log has trimmed, also to those who come back later', async () => {
    const room = newRoom();
    const [poison] = await say(room, 'poison of old');
    for (let i = 0; i < 3; i += 1)
      await say(room, ...Array.from({ length: RETENTION }, (_, k) => `line ${k}`));
    const keys = opened.log.keysOf(room);
    assert.equal(await opened.redis.hexists(keys.state, String(poison!.id)), 0);
    const away = await opened.log.head(room);
    const bob = await listening(room);
    mended = true;
    const redriven = await through(room, async () => redrive([(await lettersOf(room))[0]!.id]));
    await run(redriven);
    await until('it is restored', () => bob.frames.length > 0);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type, messages }) => [type, (messages as { id: number }[]).map(({ id }) => id)]),
      [['message.restored', [poison!.id]]],
    );
    const cara = listener('cara');
    await opened.hub.join(
      cara.member,
      { room, recent: 0, since: { epoch: away.epoch, offset: away.end } },
      cara.onPage,
    );
    opened.hub.leave(cara.member, room);
    assert.deepEqual(
      cara.events().map(({ type, messages }) => [type, (messages as { content: string }[])[0]?.content]),
      [['message.restored', 'poison of old']],
    );
    assert.equal((await store.byId(room, poison!.id))?.content, 'poison of old');
    await settled(room);
  });

  it('keeps the outcome that was announced before the store refused the row, and tells of it anew', async () => {
    const room = newRoom();
    const persist: Steps['persist'] = async input => {
      const { submissions } = input.batch;
      await store.deadLetter(
        submissions.map(submission => ({ submission, step: 'persist', cause: '22021' })),
      );
      return steps.persist({ ...input, announced: submissions.map(() => ({ failed: '22021' })) });
    };
    const [refused] = await through(room, async () => {
      await opened.log.append({ room, user: 'ann', clientId: 'c', content: 'fine' });
    });
    await opened.pool.query('DELETE FROM messages WHERE room = $1', [room]);
    const batch = { id: 'refusing', dispatchedAt: new Date().toISOString(), submissions: [refused!] };
    await messageFlow(batch, { steps: { ...steps, persist }, poison: () => undefined });
    const before = await opened.redis.hget(opened.log.keysOf(room).state, String(refused!.id));
    const bob = await listening(room);
    const [letter] = await lettersOf(room);
    await run(await through(room, () => redrive([letter!.id])));
    await until('it is told', () => bob.frames.length > 0);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type }) => type),
      ['message.restored'],
    );
    assert.ok(!JSON.stringify(bob.frames).includes('secret/rule'));
    const row = await store.byId(room, refused!.id);
    assert.equal(row?.batch, (JSON.parse(before!.slice(before!.indexOf('{'))) as { batch: string }).batch);
    await settled(room);
  });

  it('announces long messages in as many frames as they need', async () => {
    const room = newRoom();
    const texts = Array.from({ length: 17 }, (_, i) => `poison ${i} ${'🦜'.repeat(3_990)}`);
    const long = await say(room, ...texts);
    const bob = await listening(room);
    mended = true;
    await through(room, async () => redrive((await lettersOf(room)).map(({ id }) => id)));
    const heard = () => bob.frames.flatMap(({ messages }) => messages as { id: number; content: string }[]);
    await until('all is heard', () => heard().length === long.length);
    opened.hub.leave(bob.member, room);
    for (const frame of bob.frames) assert.ok(Buffer.byteLength(JSON.stringify(frame)) < 256 * 1_024);
    assert.deepEqual(
      heard().map(({ content }) => content),
      texts,
    );
    await settled(room);
  });

  it('shows nothing of a message that is removed by what it is found to say', async () => {
    const room = newRoom();
    const [poison] = await say(room, 'poison, and bad');
    const bob = await listening(room);
    mended = true;
    await through(room, async () => redrive([(await lettersOf(room))[0]!.id]));
    await until('it is told', () => bob.frames.length > 0);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type, ids, reason }) => [type, ids, reason]),
      [['message.removed', [poison!.id], 'moderated']],
    );
    assert.equal((await store.byId(room, poison!.id))?.status, 'removed');
    await settled(room);
  });

  it('leaves alone what was edited or deleted since', async () => {
    const room = newRoom();
    const [edited, deleted] = await say(room, 'poison to edit', 'poison to delete');
    const ids = (await lettersOf(room)).map(({ id }) => id);
    const { edit, remove } = amend();
    await edit({ room, id: edited!.id, user: 'ann', content: 'well now' });
    assert.deepEqual(await redrive([ids[0]!]), [{ id: ids[0], result: 'superseded' }]);
    await remove({ room, id: deleted!.id, user: 'ann', moderator: false });
    const bob = await listening(room);
    mended = true;
    await through(room, async () => {
      assert.deepEqual(await redrive([ids[1]!]), [{ id: ids[1], result: 'redriven' }]);
    });
    await say(room, 'marks the end');
    await until('the end is heard', () => bob.frames.some(({ type }) => type === 'message.updated'));
    opened.hub.leave(bob.member, room);
    assert.ok(!bob.frames.some(({ type }) => type === 'message.restored'));
    assert.equal((await store.byId(room, deleted!.id))?.status, 'removed');
  });

  it('takes a deletion further, but not one whose message the log no longer knows', async () => {
    const room = newRoom();
    const [message] = await say(room, 'to be deleted');
    const { remove } = amend();
    const aside: Steps['persist'] = async input => {
      await store.deadLetter(
        input.batch.submissions.map(submission => ({ submission, step: 'persist', cause: 'x' })),
      );
      return { stored: 0, unchanged: 0, refused: 1, duplicates: [] };
    };
    const real = steps;
    steps = { ...steps, persist: aside };
    const [deletion] = await through(room, () =>
      remove({ room, id: message!.id, user: 'ann', moderator: false }),
    ).finally(() => {
      steps = real;
    });
    assert.equal(deletion!.content, '');
    assert.equal((await store.byId(room, message!.id))?.status, 'visible');
    const [letter] = await lettersOf(room);
    const keys = opened.log.keysOf(room);
    const state = await opened.redis.hget(keys.state, String(message!.id));
    await opened.redis.hdel(keys.state, String(message!.id));
    assert.deepEqual(await redrive([letter!.id]), [{ id: letter!.id, result: 'trimmed' }]);
    await opened.redis.hset(keys.state, String(message!.id), state!);
    await through(room, () => redrive([letter!.id]));
    const row = await store.byId(room, message!.id);
    assert.deepEqual([row?.status, row?.reason], ['removed', 'deleted']);
    await settled(room);
  });

  it('says why it cannot: no such letter, another version, another message, a full intake', async () => {
    const room = newRoom();
    const [poison, other] = await say(room, 'poison', 'poison too');
    const [letter, second] = await lettersOf(room);
    const full = createPutBack({ log: opened.log, options: { maxUnstored: 0 } });
    assert.deepEqual(await createRedrive({ store, putBack: full })([letter!.id, 0]), [
      { id: letter!.id, result: 'overloaded' },
      { id: 0, result: 'missing' },
    ]);
    assert.equal((await store.letterById(letter!.id))?.redrivenAt, undefined);
    const fields = { v: '9', room, offset: String(poison!.offset), message: 'in a new way' };
    await createSetAside({ store, logger, metrics })([{ partition: 0, entryId: '1-1', fields }]);
    const unknown = (await lettersOf(room)).find(({ step }) => step === 'intake 1-1');
    assert.deepEqual(await redrive([unknown!.id]), [{ id: unknown!.id, result: 'unreadable' }]);
    mended = true;
    const stranger = { ...other!, user: 'eve', clientId: 'hers' };
    await run([{ ...stranger, epoch: 'another', revision: 1 }]);
    await opened.pool.query("UPDATE messages SET user_id = 'eve', client_id = 'hers' WHERE room = $1", [
      room,
    ]);
    assert.deepEqual(await redrive([second!.id]), [{ id: second!.id, result: 'conflict' }]);
  });
});
