import assert from 'node:assert/strict';
import type { Action, Outcome, Submission } from '../../src/message.ts';
import type { Ack } from '../../src/rooms/log-types.ts';
import { type Frame, listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

type Log = Awaited<ReturnType<typeof openRoomLog>>;

const VERSIONS = { language: 'l', moderation: 'm', sentiment: 's' };

function outcome(id: number, status: Outcome['status'], more: Partial<Outcome> = {}): Outcome {
  const action: Action = status === 'masked' ? 'mask' : status === 'removed' ? 'block' : 'allow';
  return {
    id,
    revision: 1,
    status,
    audience: 'all',
    language: { code: 'en', confidence: 1 },
    sentiment: { score: 0, label: 'neutral' },
    verdict: { action, rules: [], spans: status === 'masked' ? [[0, 4]] : [], policy: 'test' },
    versions: VERSIONS,
    ...(status === 'removed' ? { reason: 'moderated' as const } : {}),
    ...more,
  };
}

function contentOf(frame: Frame | undefined) {
  return (frame?.messages as { content?: string }[] | undefined)?.[0]?.content;
}

describe('room log', () => {
  let opened: Log;
  let sent = 0;
  before(async () => {
    opened = await openRoomLog({ retentionEntries: 50 });
  });
  after(() => opened.close());

  async function send(
    room: string,
    content: string,
    more: { user?: string; clientId?: string; replyTo?: number } = {},
  ) {
    sent += 1;
    const ack = await opened.log.append({ room, user: 'ann', clientId: `c${sent}`, content, ...more });
    assert.ok(!('refused' in ack), JSON.stringify(ack));
    return ack;
  }
  async function submission(ack: Ack, content: string, user = 'ann'): Promise<Submission> {
    const { epoch } = await opened.log.head(ack.room);
    const { room, id, offset, revision, clientId, timestamp } = ack;
    return { room, epoch, id, offset, revision, user, clientId: clientId!, content, timestamp };
  }
  async function announce(ack: Ack, content: string, status: Outcome['status'], more: Partial<Outcome> = {}) {
    const announcement = {
      submission: await submission(ack, content),
      outcome: outcome(ack.id, status, more),
    };
    return await opened.outcomes.announce(ack.room, 'batch-1', [announcement]);
  }

  describe('appending', () => {
    it('gives offsets that begin at 1 and grow by exactly 1, and the offset of creation as id', async () => {
      const room = newRoom();
      const acks = [await send(room, 'a'), await send(room, 'b'), await send(room, 'c')];
      assert.deepEqual(
        acks.map(({ id, offset, duplicate }) => [id, offset, duplicate]),
        [
          [1, 1, false],
          [2, 2, false],
          [3, 3, false],
        ],
      );
    });

    it('gives 200 concurrent senders 200 offsets, each once', async () => {
      const room = newRoom();
      await send(room, 'first');
      const log = await openRoomLog();
      const acks = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          log.log.append({ room, user: 'bob', clientId: `p${i}`, content: `m${i}` }),
        ),
      );
      await log.close();
      const offsets = acks.map(ack => ('refused' in ack ? Number.NaN : ack.offset)).sort((a, b) => a - b);
      assert.deepEqual(
        offsets,
        Array.from({ length: 200 }, (_, i) => i + 2),
      );
    });

    it('answers a repeat with the first ack, and other content or another replyTo with id_conflict', async () => {
      const room = newRoom();
      const first = await send(room, 'same', { clientId: 'again' });
      assert.deepEqual(await send(room, 'same', { clientId: 'again' }), { ...first, duplicate: true });
      const append = (more: object) =>
        opened.log.append({ room, user: 'ann', clientId: 'again', content: 'same', ...more });
      assert.deepEqual(await append({ content: 'other' }), { refused: 'id_conflict' });
      assert.deepEqual(await append({ replyTo: 1 }), { refused: 'id_conflict' });
      assert.equal((await send(room, 'same', { clientId: 'again', user: 'bob' })).id, 2);
    });

    it('refuses a reply to a message that cannot exist', async () => {
      const room = newRoom();
      await send(room, 'a');
      const reply = await opened.log.append({ room, user: 'ann', clientId: 'r', content: 'b', replyTo: 9 });
      assert.deepEqual(reply, { refused: 'not_found', path: 'replyTo' });
    });

    it('puts every acknowledged message into the intake, whole', async () => {
      const room = newRoom();
      const { intake, number } = opened.log.keysOf(room);
      // What other tests left there is not read again.
      const [newest] = await opened.redis.xrevrange(intake, '+', '-', 'COUNT', 1);
      const ack = await send(room, 'for the pipeline', { replyTo: undefined } as object);
      const entries = await opened.intake.read(new Map([[number, newest?.[0] ?? '0']]), {
        count: 1_000,
        bytes: 1e6,
        waitMs: 100,
      });
      const found = entries.flatMap(entry => ('submission' in entry ? [entry.submission] : []));
      assert.deepEqual(
        found.filter(one => one.room === room),
        [await submission(ack, 'for the pipeline')],
      );
    });

    it('answers overloaded once the log is full of entries that are not stored, and takes repeats all the same', async () => {
      const room = newRoom();
      const first = await send(room, 'm', { clientId: 'first' });
      for (let i = 1; i < 50; i += 1) await send(room, `m${i}`);
      const refused = await opened.log.append({ room, user: 'ann', clientId: 'late', content: 'x' });
      assert.deepEqual(refused, { refused: 'overloaded', retryAfterMs: 1_000 });
      assert.deepEqual(await send(room, 'm', { clientId: 'first' }), { ...first, duplicate: true });
    });
  });

  describe('retention', () => {
    it('trims the oldest entries by count, with the states that nothing names any more, once they are stored', async () => {
      const room = newRoom();
      for (let i = 0; i < 50; i += 1) {
        const ack = await send(room, `m${i}`);
        await opened.outcomes.settle(room, [await submission(ack, '')]);
      }
      for (let i = 50; i < 60; i += 1) await send(room, `m${i}`);
      const keys = opened.log.keysOf(room);
      assert.equal(await opened.redis.xlen(keys.log), 50);
      assert.equal(await opened.redis.hlen(keys.state), 50);
      const { epoch } = await opened.log.head(room);
      assert.ok('lost' in (await opened.log.since(room, { epoch, offset: 9 })));
      const slice = await opened.log.since(room, { epoch, offset: 10 });
      assert.ok(!('lost' in slice) && slice.entries.length === 50);
    });

    it('keeps the state of a trimmed creation while a later entry names it', async () => {
      const room = newRoom();
      const first = await send(room, 'shit happens');
      for (let i = 1; i < 45; i += 1) {
        await opened.outcomes.settle(room, [await submission(await send(room, `m${i}`), '')]);
      }
      await announce(first, 'shit happens', 'masked');
      await opened.outcomes.settle(room, [await submission(first, '')]);
      for (let i = 0; i < 10; i += 1) await send(room, `n${i}`);
      const anna = listener('ann');
      const { epoch } = await opened.log.head(room);
      await opened.hub.join(anna.member, { room, since: { epoch, offset: 44 }, recent: 0 }, anna.onPage);
      opened.hub.leave(anna.member, room);
      const updated = anna.events().find(event => event.type === 'message.updated');
      assert.deepEqual(contentOf(updated), '**** happens');
    });
  });

  describe('outcomes', () => {
    it('announces one outcome for a revision, and finds it whoever repeats it with whatever verdict', async () => {
      const room = newRoom();
      const ack = await send(room, 'shit happens');
      const first = await announce(ack, 'shit happens', 'masked');
      const second = await announce(ack, 'shit happens', 'visible');
      assert.deepEqual([first.fresh, second.fresh], [[0], []]);
      const [standing] = second.standings;
      assert.ok(standing?.stands === 'outcome' && standing.message.status === 'masked');
      assert.equal((await opened.log.head(room)).end, 2);
    });

    it('announces an overlapping pair of batches, at the same time, once', async () => {
      const room = newRoom();
      const acks = [await send(room, 'a'), await send(room, 'b'), await send(room, 'c')];
      const some = async (picked: Ack[]) =>
        Promise.all(
          picked.map(async ack => ({
            submission: await submission(ack, 'x'),
            outcome: outcome(ack.id, 'visible'),
          })),
        );
      const [left, right] = await Promise.all([
        opened.outcomes.announce(room, 'left', await some(acks.slice(0, 2))),
        opened.outcomes.announce(room, 'right', await some(acks.slice(1))),
      ]);
      assert.equal(left.fresh.length + right.fresh.length, 3);
      const slice = await opened.log.since(room, { epoch: (await opened.log.head(room)).epoch, offset: 3 });
      assert.ok(!('lost' in slice));
      assert.deepEqual(slice.entries.flatMap(({ ids }) => ids).sort(), [1, 2, 3]);
    });

    it('changes nothing for an older revision or for a message that was trimmed', async () => {
      const room = newRoom();
      const ack = await send(room, 'a');
      const late = { ...(await submission(ack, 'a')), revision: 2 };
      const result = await opened.outcomes.announce(room, 'b', [
        { submission: late, outcome: outcome(1, 'visible') },
      ]);
      assert.deepEqual(result.standings, [{ stands: 'stale' }]);
      const unknown = { ...(await submission(ack, 'a')), id: 900 };
      const gone = await opened.outcomes.announce(room, 'b', [
        { submission: unknown, outcome: outcome(900, 'visible') },
      ]);
      assert.deepEqual(gone.standings, [{ stands: 'stale' }]);
      assert.equal((await opened.log.head(room)).end, 1);
    });

    it('announces a message of an older epoch whole, and keeps that entry open until it is stored', async () => {
      const room = newRoom();
      const ack = await send(room, 'now');
      const old = {
        ...(await submission(ack, 'from before')),
        epoch: 'older',
        id: 7,
        offset: 7,
        clientId: 'old',
      };
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      await opened.outcomes.settle(room, [await submission(ack, 'now')]);
      const { standings } = await opened.outcomes.announce(room, 'b', [
        { submission: old, outcome: outcome(7, 'visible') },
      ]);
      await until('the frame arrives', () => bob.frames.length === 1);
      opened.hub.leave(bob.member, room);
      assert.equal(bob.frames[0]?.type, 'message.restored');
      assert.equal(contentOf(bob.frames[0]), 'from before');
      assert.equal((await opened.log.head(room)).processedThrough, 1);
      const [standing] = standings;
      assert.ok(standing?.stands === 'outcome');
      await opened.outcomes.settle(room, [{ ...old, last: standing.last }]);
      assert.equal((await opened.log.head(room)).processedThrough, 2);
    });

    it('withdraws a duplicate once, whatever was announced of it', async () => {
      const room = newRoom();
      const ack = await send(room, 'twice');
      await announce(ack, 'twice', 'visible');
      const removal = {
        submission: await submission(ack, 'twice'),
        outcome: outcome(1, 'removed', { reason: 'duplicate' }),
      };
      await opened.outcomes.withdraw(room, 'b', [removal]);
      await opened.outcomes.withdraw(room, 'b', [removal]);
      assert.equal((await opened.log.head(room)).end, 3);
      const [message] = (await opened.log.recent(room, 10)).messages;
      assert.deepEqual(
        [message?.status, message?.reason, message?.content],
        ['removed', 'duplicate', undefined],
      );
    });
  });

  describe('watermark', () => {
    it('is the oldest offset that is not stored minus one, and the end when all is', async () => {
      const room = newRoom();
      const acks = [await send(room, 'a'), await send(room, 'b'), await send(room, 'c')];
      const through = async () => (await opened.log.head(room)).processedThrough;
      assert.equal(await through(), 0);
      await opened.outcomes.settle(room, [await submission(acks[1]!, '')]);
      assert.equal(await through(), 0);
      await opened.outcomes.settle(room, [await submission(acks[0]!, '')]);
      assert.equal(await through(), 2);
      await opened.outcomes.settle(room, [await submission(acks[2]!, '')]);
      assert.equal(await through(), 3);
    });

    it('counts what is not stored exactly, however often it is settled', async () => {
      const room = newRoom();
      const keys = opened.log.keysOf(room);
      const unstored = async () => Number(await opened.redis.hget(keys.partition, 'unstored'));
      await send(room, 'a');
      const before = await unstored();
      const ack = await send(room, 'b');
      assert.equal(await unstored(), before + 1);
      for (let i = 0; i < 3; i += 1) await opened.outcomes.settle(room, [await submission(ack, '')]);
      assert.equal(await unstored(), before);
    });
  });

  describe('epochs', () => {
    it('begins anew above every id when the room was wiped, and tells the members', async () => {
      const room = newRoom();
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      const before = await send(room, 'a');
      await until('the frame arrives', () => bob.frames.length === 1);
      const keys = opened.log.keysOf(room);
      await opened.redis.del(keys.meta, keys.log, keys.state, keys.open);
      const after = await send(room, 'b');
      assert.ok(after.id > before.id + 1_000_000 && after.id < 2 ** 53);
      await opened.hub.check();
      await until('the room is renewed', () => bob.pages.length === 2);
      opened.hub.leave(bob.member, room);
      const [first, renewed] = bob.pages;
      assert.notEqual(renewed?.epoch, first?.epoch);
      assert.deepEqual([renewed?.recovered, renewed?.events], [false, []]);
    });

    it('begins anew when the log was rolled back below an offset that this process gave', async () => {
      const room = newRoom();
      for (let i = 0; i < 5; i += 1) await send(room, `m${i}`);
      const keys = opened.log.keysOf(room);
      await opened.redis.hset(keys.meta, 'end', 3);
      await opened.redis.xtrim(keys.log, 'MAXLEN', '0');
      const after = await send(room, 'next');
      assert.ok(after.id > 1_000_000);
    });

    it('begins anew when the store has an id beyond the end, whoever gave it', async () => {
      const room = newRoom();
      const ack = await send(room, 'a');
      const { epoch } = await opened.log.head(room);
      await opened.outcomes.settle(room, [{ epoch, offset: ack.offset + 10 }]);
      assert.notEqual((await opened.log.head(room)).epoch, epoch);
    });

    it('begins a room that the store knows, but Redis does not, above every id', async () => {
      const room = newRoom();
      await opened.pool.query(
        `INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, audience, created_at)
         VALUES ($1, 12, 1, 'older', 'ann', 'c', 'x', 'visible', 'all', now())`,
        [room],
      );
      assert.ok(
        ((await opened.another().append({ room, user: 'ann', clientId: 'n', content: 'y' })) as Ack).id >
          1_000_000,
      );
    });

    it('refuses a layout with another number of partitions', async () => {
      await opened.partitions.checkLayout();
      const { createPartitions } = await import('../../src/rooms/partitions.ts');
      const other = createPartitions({ ...opened, logger: console as never, count: 8 });
      await assert.rejects(other.checkLayout(), /ROOM_PARTITIONS/);
    });
  });

  describe('joining', () => {
    it('gives the newest messages as they stand now, without text that was masked or removed', async () => {
      const room = newRoom();
      const rude = await send(room, 'shit happens');
      const bad = await send(room, 'secret');
      await send(room, 'fine');
      await announce(rude, 'shit happens', 'masked');
      await announce(bad, 'secret', 'removed');
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 50 }, bob.onPage);
      opened.hub.leave(bob.member, room);
      const messages = bob.events().map(event => event.message as { content?: string; status: string });
      assert.deepEqual(
        messages.map(({ content, status }) => [content, status]),
        [
          ['**** happens', 'masked'],
          [undefined, 'removed'],
          ['fine', 'pending'],
        ],
      );
    });

    it('replays what came after an offset in net state, naming every message created in it', async () => {
      const room = newRoom();
      const old = await send(room, 'shit happens');
      const { epoch } = await opened.log.head(room);
      const bad = await send(room, 'secret');
      await send(room, 'fine');
      await announce(old, 'shit happens', 'masked');
      await announce(bad, 'secret', 'removed');
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, since: { epoch, offset: 1 }, recent: 0 }, bob.onPage);
      opened.hub.leave(bob.member, room);
      assert.deepEqual(
        bob.events().map(({ type, offset }) => [type, offset]),
        [
          ['message.removed', 2],
          ['message.created', 3],
          ['message.updated', 4],
        ],
      );
      assert.ok(!JSON.stringify(bob.pages).includes('secret') && !JSON.stringify(bob.pages).includes('shit'));
      assert.equal(bob.pages.at(-1)?.recovered, true);
    });

    it('answers recovered: false and no events for another epoch, an offset beyond the end, or one trimmed', async () => {
      const room = newRoom();
      await send(room, 'a');
      const { epoch } = await opened.log.head(room);
      for (const since of [
        { epoch: 'other', offset: 0 },
        { epoch, offset: 5 },
      ]) {
        const bob = listener('bob');
        await opened.hub.join(bob.member, { room, since, recent: 50 }, bob.onPage);
        opened.hub.leave(bob.member, room);
        assert.deepEqual(
          bob.pages.map(({ recovered, events, offset }) => [recovered, events.length, offset]),
          [[false, 0, 1]],
        );
      }
    });

    it('hides a held message from all but its author, and removes it where it was seen', async () => {
      const room = newRoom();
      const [ann, bob] = [listener('ann'), listener('bob')];
      for (const { member, onPage } of [ann, bob]) await opened.hub.join(member, { room, recent: 0 }, onPage);
      const ack = await send(room, 'to be held');
      await announce(ack, 'to be held', 'held', { audience: 'author', reason: 'held' });
      await until('both have both offsets', () => ann.frames.length === 2 && bob.frames.length === 2);
      assert.deepEqual(
        ann.frames.map(({ type }) => type),
        ['message.created', 'message.updated'],
      );
      assert.deepEqual(
        bob.frames.map(({ type }) => type),
        ['message.created', 'message.removed'],
      );
      assert.equal(bob.frames[1]?.reason, 'held');
      for (const { member } of [ann, bob]) opened.hub.leave(member, room);
      const late = listener('bob');
      await opened.hub.join(late.member, { room, recent: 10 }, late.onPage);
      opened.hub.leave(late.member, room);
      assert.deepEqual(late.events(), [{ type: 'message.hidden', room, offset: 1, id: 1 }]);
    });

    it('loses and doubles nothing for members who join while messages arrive', async () => {
      const log = await openRoomLog();
      const room = newRoom();
      const members = Array.from({ length: 20 }, (_, i) => listener(`u${i}`));
      const sending = (async () => {
        for (let i = 0; i < 400; i += 1)
          await log.log.append({ room, user: 'ann', clientId: `j${i}`, content: `m${i}` });
      })();
      for (const { member, onPage } of members) {
        await log.hub.join(member, { room, recent: 0 }, onPage);
        await until('a frame comes', () => members[0]!.frames.length > 0 || members[0]!.pages.length > 0);
      }
      await sending;
      await until('all have the last', () =>
        members.every(({ frames, pages }) => (frames.at(-1)?.offset ?? pages.at(-1)?.offset) === 400),
      );
      for (const { frames, pages } of members) {
        const from = pages.at(-1)!.offset;
        assert.deepEqual(
          frames.map(({ offset }) => offset),
          Array.from({ length: 400 - from }, (_, i) => from + 1 + i),
        );
      }
      await log.close();
    });

    it('loses and doubles nothing for those who join while frames wait for their window', async () => {
      const gathered = await openRoomLog({ windowMs: 100 });
      const room = newRoom();
      try {
        const members: ReturnType<typeof listener>[] = [];
        let last = 0;
        let sending = true;
        const sender = (async () => {
          for (let k = 1; sending; k += 1) {
            await gathered.log.append({ room, user: 'ann', clientId: `c${k}`, content: 'x' });
            last = k;
          }
        })();
        for (let i = 0; i < 40; i += 1) {
          const someone = listener(`member-${i}`);
          members.push(someone);
          await gathered.hub.join(someone.member, { room, recent: 0 }, someone.onPage);
        }
        sending = false;
        await sender;
        await until('all is handed on', () => members.every(({ frames }) => frames.at(-1)?.offset === last));
        for (const { frames, pages } of members) {
          const from = pages[0]!.offset;
          assert.deepEqual(
            frames.map(({ offset }) => offset),
            Array.from({ length: last - from }, (_, i) => from + i + 1),
          );
        }
      } finally {
        // Thousands: nobody takes them, and others read this partition too.
        await gathered.redis.del(gathered.log.keysOf(room).intake);
        await gathered.close();
      }
    });

    it('fills a hole in the live channel from the log, one frame an offset, in order', async () => {
      const room = newRoom();
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      const rude = await send(room, 'shit happens');
      await until('the first frame', () => bob.frames.length === 1);
      await opened.subscriber.sunsubscribe(opened.log.keysOf(room).channel);
      await announce(rude, 'shit happens', 'masked');
      await send(room, 'b');
      await opened.subscriber.ssubscribe(opened.log.keysOf(room).channel);
      await send(room, 'c');
      await until('all four', () => bob.frames.length === 4);
      opened.hub.leave(bob.member, room);
      assert.deepEqual(
        bob.frames.map(({ type, offset }) => [type, offset]),
        [
          ['message.created', 1],
          ['message.updated', 2],
          ['message.created', 3],
          ['message.created', 4],
        ],
      );
    });

    it('notices by itself, in a quiet room, that the live channel lost the last message', async () => {
      const room = newRoom();
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
      await opened.subscriber.sunsubscribe(opened.log.keysOf(room).channel);
      await send(room, 'unheard');
      await opened.hub.check();
      await until('the frame', () => bob.frames.length === 1);
      opened.hub.leave(bob.member, room);
    });

    it('lets a thousand members resume at once for about one read of the log', async () => {
      const room = newRoom();
      await send(room, 'first');
      const { epoch } = await opened.log.head(room);
      for (let i = 0; i < 40; i += 1) await send(room, `m${i}`);
      const members = Array.from({ length: 1_000 }, (_, i) => ({
        ...listener(`u${i}`),
        offset: 1 + (i % 7),
      }));
      await opened.redis.config('RESETSTAT');
      const startedAt = performance.now();
      await Promise.all(
        members.map(({ member, onPage, offset }) =>
          opened.hub.join(member, { room, since: { epoch, offset }, recent: 0 }, onPage),
        ),
      );
      const stats = await opened.redis.info('commandstats');
      // A read is two XRANGE: the oldest entry, and the stretch.
      const reads = Number(/cmdstat_xrange:calls=(\d+)/.exec(stats)?.[1]) / 2;
      // A stretch is kept for a second.
      const outdated = Math.floor((performance.now() - startedAt) / 1_000);
      assert.ok(reads <= 3 + outdated, `${reads} reads`);
      for (const { events, offset } of members) assert.equal(events().length, 41 - offset);
      for (const { member } of members) opened.hub.leave(member, room);
    });

    it('reads no further while a member does not take the pages it has', async () => {
      const log = await openRoomLog({ retentionEntries: 5_000 });
      const room = newRoom();
      const append = (i: number) =>
        log.log.append({ room, user: 'ann', clientId: `b${i}`, content: `${i} `.repeat(300) });
      await append(0);
      const { epoch } = await log.log.head(room);
      for (let i = 1; i < 1_200; i += 1) await append(i);
      const bob = listener('bob');
      let release = () => {};
      const released = new Promise<void>(resolve => {
        release = resolve;
      });
      const joining = log.hub.join(bob.member, { room, since: { epoch, offset: 1 }, recent: 0 }, page => {
        bob.onPage(page);
        return released;
      });
      await until('the first page', () => bob.pages.length === 1);
      await log.hub.check();
      assert.equal(bob.pages.length, 1);
      release();
      await joining;
      assert.ok(bob.pages.length > 3);
      assert.equal(bob.events().length, 1_199);
      assert.deepEqual(
        bob.events().map(({ offset }) => offset),
        Array.from({ length: 1_199 }, (_, i) => i + 2),
      );
      log.hub.leave(bob.member, room);
      await log.close();
    });

    it('cuts a large answer into frames below the limit', async () => {
      const room = newRoom();
      const large = 'ab'.repeat(2_000);
      for (let i = 0; i < 60; i += 1) {
        const ack = (await opened
          .another()
          .append({ room, user: 'ann', clientId: `l${i}`, content: `${i}${large}`.slice(0, 4_000) })) as Ack;
        if (i < 45) await opened.outcomes.settle(room, [await submission(ack, '')]);
      }
      const bob = listener('bob');
      await opened.hub.join(bob.member, { room, recent: 50 }, bob.onPage);
      opened.hub.leave(bob.member, room);
      assert.ok(bob.pages.length > 1);
      assert.deepEqual(
        bob.pages.map(({ more }) => more),
        bob.pages.map((_, i) => i < bob.pages.length - 1),
      );
      assert.ok(bob.pages.every(page => Buffer.byteLength(JSON.stringify(page)) < 250_000));
      assert.equal(bob.events().length, 50);
    });
  });
});
