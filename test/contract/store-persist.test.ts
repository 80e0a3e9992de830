import assert from 'node:assert/strict';
import type { PersistResult, PersistRow } from '../../src/store/messages.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';
import { until } from '../support/until.ts';

const NOTHING: PersistResult = { stored: [], unchanged: [], duplicates: [], refused: [], conflicts: [] };
const key = ({ submission: { room, id, revision } }: PersistRow) => ({ room, id, revision });

describe('store: persist', () => {
  let db: OpenStore;
  before(async () => {
    db = await openStore();
  });
  after(() => db.close());

  const contents = async (room: string) =>
    (await db.store.page(room, { limit: 100 })).rows.map(({ id, content }) => [id, content]);

  it('stores a batch, and a message reads back as it was given', async () => {
    const room = newRoom();
    const row = rowOf(room, 7, { submission: { name: 'Ann', replyTo: 3, content: 'naïve 👋\n' } });
    assert.deepEqual(await db.store.persist([row]), { ...NOTHING, stored: [key(row)] });
    const stored = await db.store.byId(room, 7);
    assert.ok(stored);
    const { storedAt, ...rest } = stored;
    assert.match(storedAt, /^\d{4}-.*\.\d{3}Z$/);
    assert.deepEqual(rest, {
      room,
      id: 7,
      revision: 1,
      epoch: 'e1',
      user: 'ann',
      name: 'Ann',
      clientId: 'c7',
      content: 'naïve 👋\n',
      replyTo: 3,
      status: 'visible',
      timestamp: '2026-01-01T00:00:00.007Z',
      language: { code: 'en', confidence: 0.87 },
      sentiment: { score: -0.25, label: 'negative' },
      verdict: row.outcome.verdict,
      versions: row.outcome.versions,
      batch: 'b1',
      announcedAt: '2026-01-01T00:00:01.000Z',
    });
  });

  it('does nothing for an empty batch', async () => {
    assert.deepEqual(await db.store.persist([]), NOTHING);
  });

  it('changes nothing when a batch is repeated', async () => {
    const room = newRoom();
    const rows = [1, 2, 3].map(id => rowOf(room, id));
    await db.store.persist(rows);
    const before = await db.store.page(room, { limit: 10 });
    assert.deepEqual(await db.store.persist(rows), { ...NOTHING, unchanged: rows.map(key) });
    assert.deepEqual(await db.store.page(room, { limit: 10 }), before);
  });

  it('replaces an older revision and keeps what belongs to the message', async () => {
    const room = newRoom();
    await db.store.persist([rowOf(room, 1)]);
    const editedAt = '2026-01-02T00:00:00.000Z';
    const edit = rowOf(room, 1, { submission: { revision: 2, content: 'edited', editedAt, offset: 9 } });
    assert.deepEqual(await db.store.persist([edit]), { ...NOTHING, stored: [key(edit)] });
    const stored = await db.store.byId(room, 1);
    assert.equal(stored?.content, 'edited');
    assert.equal(stored?.revision, 2);
    assert.equal(stored?.editedAt, editedAt);
    assert.equal(stored?.timestamp, '2026-01-01T00:00:00.001Z');
  });

  it('leaves a newer revision alone when an older one comes late', async () => {
    const room = newRoom();
    await db.store.persist([rowOf(room, 1, { submission: { revision: 3, content: 'newest' } })]);
    const late = rowOf(room, 1, { submission: { revision: 2, content: 'late' } });
    assert.deepEqual(await db.store.persist([late]), { ...NOTHING, unchanged: [key(late)] });
    assert.deepEqual(await contents(room), [[1, 'newest']]);
  });

  it('stores the highest of several revisions in one batch, new or not', async () => {
    const room = newRoom();
    const revisions = (...numbers: number[]) =>
      numbers.map(revision => rowOf(room, 1, { submission: { revision, content: `r${revision}` } }));
    const first = await db.store.persist(revisions(1, 2));
    assert.deepEqual(first.stored, [{ room, id: 1, revision: 2 }]);
    assert.deepEqual(first.unchanged, [{ room, id: 1, revision: 1 }]);
    const second = await db.store.persist(revisions(3, 5, 4));
    assert.deepEqual(second.stored, [{ room, id: 1, revision: 5 }]);
    assert.deepEqual(second.unchanged.map(({ revision }) => revision).sort(), [3, 4]);
    assert.deepEqual(await contents(room), [[1, 'r5']]);
  });

  for (const reason of ['deleted', 'erased'] as const) {
    it(`never brings back what was ${reason}, whatever revision comes`, async () => {
      const room = newRoom();
      await db.store.persist([rowOf(room, 1, { outcome: { status: 'removed', reason } })]);
      const edit = rowOf(room, 1, { submission: { revision: 2 } });
      assert.deepEqual((await db.store.persist([edit])).unchanged, [key(edit)]);
      assert.equal((await db.store.byId(room, 1))?.status, 'removed');
    });
  }

  it('lets an edit come back from a removal by moderation', async () => {
    const room = newRoom();
    await db.store.persist([rowOf(room, 1, { outcome: { status: 'removed', reason: 'moderated' } })]);
    await db.store.persist([rowOf(room, 1, { submission: { revision: 2, content: 'polite' } })]);
    assert.deepEqual(await contents(room), [[1, 'polite']]);
  });

  it('shows readers the masked text and keeps the original', async () => {
    const room = newRoom();
    const verdict = {
      action: 'mask' as const,
      rules: ['r'],
      spans: [[5, 9] as [number, number]],
      policy: 'p1',
    };
    await db.store.persist([
      rowOf(room, 1, {
        submission: { content: 'what hell is' },
        outcome: { status: 'masked', verdict },
      }),
    ]);
    const stored = await db.store.byId(room, 1);
    assert.equal(stored?.content, 'what **** is');
    assert.equal(stored?.original, 'what hell is');
  });

  it('takes the mask off when an edit needs none', async () => {
    const room = newRoom();
    const verdict = { action: 'mask' as const, rules: [], spans: [[0, 4] as [number, number]], policy: 'p1' };
    await db.store.persist([rowOf(room, 1, { outcome: { status: 'masked', verdict } })]);
    await db.store.persist([rowOf(room, 1, { submission: { revision: 2, content: 'clean' } })]);
    const stored = await db.store.byId(room, 1);
    assert.equal(stored?.content, 'clean');
    assert.equal(stored?.original, undefined);
  });

  it('keeps the text of a removed message for moderators alone', async () => {
    const room = newRoom();
    await db.store.persist([rowOf(room, 1, { outcome: { status: 'removed', reason: 'moderated' } })]);
    const stored = await db.store.byId(room, 1);
    assert.equal(stored?.content, undefined);
    assert.equal(stored?.original, 'message 1');
    assert.equal(stored?.reason, 'moderated');
  });

  it('keeps to whom a held or shadowed message may be shown', async () => {
    const room = newRoom();
    await db.store.persist([
      rowOf(room, 1, { outcome: { status: 'held', audience: 'author' } }),
      rowOf(room, 2, { outcome: { audience: 'author' } }),
      rowOf(room, 3),
    ]);
    const { rows } = await db.store.page(room, { limit: 10 });
    assert.deepEqual(
      rows.map(({ status, audience }) => [status, audience]),
      [
        ['held', 'author'],
        ['visible', 'author'],
        ['visible', undefined],
      ],
    );
  });

  describe('the same client key under another id', () => {
    it('is a duplicate of what is stored, and is not stored', async () => {
      const room = newRoom();
      await db.store.persist([rowOf(room, 4, { submission: { clientId: 'same' } })]);
      const repeat = rowOf(room, 9, { submission: { clientId: 'same' } });
      const other = rowOf(room, 8);
      const result = await db.store.persist([repeat, other]);
      assert.deepEqual(result, {
        ...NOTHING,
        stored: [key(other)],
        duplicates: [{ ...key(repeat), originalId: 4 }],
      });
      assert.equal(await db.store.byId(room, 9), undefined);
    });

    it('within one batch leaves the lowest id', async () => {
      const room = newRoom();
      const rows = [9, 4, 6].map(id => rowOf(room, id, { submission: { clientId: 'same' } }));
      const result = await db.store.persist(rows);
      assert.deepEqual(result.stored, [{ room, id: 4, revision: 1 }]);
      assert.deepEqual(
        result.duplicates.map(({ id, originalId }) => [id, originalId]),
        [
          [6, 4],
          [9, 4],
        ],
      );
    });

    it('is no duplicate in another room or of another user', async () => {
      const [room, elsewhere] = [newRoom(), newRoom()];
      const rows = [
        rowOf(room, 1, { submission: { clientId: 'same' } }),
        rowOf(room, 2, { submission: { clientId: 'same', user: 'bob' } }),
        rowOf(elsewhere, 1, { submission: { clientId: 'same' } }),
      ];
      assert.deepEqual((await db.store.persist(rows)).stored.length, 3);
    });

    it('leaves the second when the database refuses the first', async () => {
      const room = newRoom();
      const rows = [
        rowOf(room, 1, { submission: { clientId: 'same', content: 'nul \0' } }),
        rowOf(room, 2, { submission: { clientId: 'same' } }),
      ];
      const result = await db.store.persist(rows);
      assert.deepEqual(result.refused, [{ room, id: 1, revision: 1, cause: '22021' }]);
      assert.deepEqual(result.stored, [{ room, id: 2, revision: 1 }]);
      assert.deepEqual(result.duplicates, []);
    });

    it('is withdrawn as a tombstone, once, and a repeat of the batch leaves it alone', async () => {
      const room = newRoom();
      const original = rowOf(room, 1, { submission: { clientId: 'same' } });
      const repeat = rowOf(room, 2, { submission: { clientId: 'same', content: 'again' } });
      await db.store.persist([original, repeat]);
      await db.store.withdraw([repeat]);
      await db.store.withdraw([repeat]);
      const result = await db.store.persist([original, repeat]);
      assert.deepEqual(result, { ...NOTHING, unchanged: [key(original), key(repeat)] });
      const tombstone = await db.store.byId(room, 2);
      assert.equal(tombstone?.status, 'removed');
      assert.equal(tombstone?.reason, 'duplicate');
      assert.equal(tombstone?.clientId, undefined);
      assert.equal(tombstone?.content, undefined);
      assert.equal(tombstone?.original, undefined);
      assert.deepEqual((await db.store.byId(room, 1))?.content, 'message 1');
    });

    it('leaves a row that stands when it is withdrawn by mistake', async () => {
      const room = newRoom();
      await db.store.persist([rowOf(room, 1)]);
      await db.store.withdraw([rowOf(room, 1)]);
      assert.deepEqual(await contents(room), [[1, 'message 1']]);
    });
  });

  describe('another message under the same id', () => {
    for (const [what, submission] of [
      ['author', { user: 'bob' }],
      ['client key', { clientId: 'other' }],
    ] as const) {
      it(`by another ${what} is a conflict and a dead letter; what stands stays`, async () => {
        const room = newRoom();
        await db.store.persist([rowOf(room, 1)]);
        const other = rowOf(room, 1, { submission: { ...submission, revision: 2, content: 'other' } });
        const neighbour = rowOf(room, 2);
        const result = await db.store.persist([other, neighbour]);
        assert.deepEqual(result, { ...NOTHING, stored: [key(neighbour)], conflicts: [key(other)] });
        assert.deepEqual(await contents(room), [
          [1, 'message 1'],
          [2, 'message 2'],
        ]);
        const [letter] = (await db.store.deadLetters({ limit: 1_000 })).filter(kept => kept.room === room);
        assert.deepEqual(letter?.entry, other.submission);
      });
    }

    it('is told within one batch', async () => {
      const room = newRoom();
      const rows = [rowOf(room, 1), rowOf(room, 1, { submission: { user: 'bob', content: 'of bob' } })];
      const result = await db.store.persist(rows);
      assert.equal(result.stored.length, 1);
      assert.deepEqual(result.conflicts, [{ room, id: 1, revision: 1 }]);
      assert.deepEqual(await contents(room), [[1, 'message 1']]);
    });
  });

  describe('a row that the database refuses', () => {
    it('is isolated with its SQLSTATE, its neighbours are stored', async () => {
      const room = newRoom();
      const rows = Array.from({ length: 50 }, (_, i) => rowOf(room, i + 1));
      rows[16] = rowOf(room, 17, { submission: { content: 'nul \0 here' } });
      rows[17] = rowOf(room, 18, { submission: { timestamp: 'yesterday-ish' } });
      rows[49] = rowOf(room, 50, { submission: { revision: 0 } });
      const result = await db.store.persist(rows);
      assert.deepEqual(result.refused, [
        { room, id: 17, revision: 1, cause: '22021' },
        { room, id: 18, revision: 1, cause: '22007' },
        { room, id: 50, revision: 0, cause: '23514' },
      ]);
      assert.equal(result.stored.length, 47);
      assert.equal((await db.store.counts(room)).stored, 47);
    });

    it('is a dead letter with the whole entry, written once', async () => {
      const room = newRoom();
      const bad = rowOf(room, 1, { submission: { content: 'nul \0, and \\u0000 in letters' } });
      await db.store.persist([bad]);
      await db.store.persist([bad]);
      const letters = (await db.store.deadLetters({ limit: 1_000 })).filter(kept => kept.room === room);
      assert.equal(letters.length, 1);
      assert.equal(letters[0]?.step, 'persist');
      assert.equal(letters[0]?.cause, '22021');
      assert.deepEqual(letters[0]?.entry, {
        ...bad.submission,
        content: 'nul \\u0000, and \\u0000 in letters',
      });
      assert.equal((await db.store.counts(room)).deadLettered, 1);
    });

    it('as an edit leaves the older revision standing', async () => {
      const room = newRoom();
      await db.store.persist([rowOf(room, 1)]);
      const edit = rowOf(room, 1, { submission: { revision: 2, content: '\0' } });
      const result = await db.store.persist([edit, rowOf(room, 2)]);
      assert.deepEqual(result.refused, [{ room, id: 1, revision: 2, cause: '22021' }]);
      assert.deepEqual(await contents(room), [
        [1, 'message 1'],
        [2, 'message 2'],
      ]);
    });

    it('as the newest of two revisions leaves the older one to be stored', async () => {
      const room = newRoom();
      const result = await db.store.persist([
        rowOf(room, 1),
        rowOf(room, 1, { submission: { revision: 2, content: '\0' } }),
      ]);
      assert.deepEqual(result.stored, [{ room, id: 1, revision: 1 }]);
      assert.deepEqual(
        result.refused.map(({ revision }) => revision),
        [2],
      );
    });

    it('as a duplicate to withdraw is a dead letter too', async () => {
      const room = newRoom();
      await db.store.withdraw([rowOf(room, 1, { submission: { name: 'nul\0' } }), rowOf(room, 2)]);
      assert.deepEqual(
        (await db.store.page(room, { limit: 10 })).rows.map(({ id }) => id),
        [2],
      );
      const letters = (await db.store.deadLetters({ limit: 1_000 })).filter(kept => kept.room === room);
      assert.deepEqual(
        letters.map(({ step, messageId }) => [step, messageId]),
        [['withdraw', 1]],
      );
    });
  });

  it('stores nothing when the batch cannot be finished', async () => {
    const room = newRoom();
    await db.pool.query('ALTER TABLE rooms RENAME TO rooms_away');
    try {
      await assert.rejects(db.store.persist([rowOf(room, 1)]), /relation "rooms" does not exist/);
    } finally {
      await db.pool.query('ALTER TABLE rooms_away RENAME TO rooms');
    }
    assert.equal((await db.store.counts(room)).stored, 0);
  });

  describe('two batches of the same messages in opposite orders', () => {
    const ids = Array.from({ length: 40 }, (_, i) => i + 1);

    /** Has both batches wait for a lock on the message in the middle, then lets go of it. */
    async function meet(room: string, hold: string, batches: PersistRow[][]) {
      const holder = await db.pool.connect();
      await holder.query('BEGIN');
      await holder.query(hold, [room]);
      const writing = Promise.all(batches.map(batch => db.store.persist(batch)));
      await until('both wait', async () => {
        const { rows } = await holder.query<{ waiting: number }>(
          `SELECT count(*) AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows[0]?.waiting === batches.length;
      });
      await holder.query('ROLLBACK');
      holder.release();
      return writing;
    }

    it('do not lock each other out when the messages are new', async () => {
      const room = newRoom();
      const rows = ids.map(id => rowOf(room, id));
      const hold = `INSERT INTO messages (room, id, revision, epoch, user_id, status, created_at)
        VALUES ($1, 20, 1, 'e', 'ann', 'visible', now())`;
      const [one, other] = await meet(room, hold, [rows, [...rows].reverse()]);
      assert.equal(one!.stored.length + other!.stored.length, 40);
      assert.equal(one!.unchanged.length + other!.unchanged.length, 40);
    });

    it('do not lock each other out when the messages are edited', async () => {
      const room = newRoom();
      await db.store.persist(ids.map(id => rowOf(room, id)));
      const edits = ids.map(id => rowOf(room, id, { submission: { revision: 2 } }));
      const hold = 'SELECT FROM messages WHERE room = $1 AND id = 20 FOR UPDATE';
      const [one, other] = await meet(room, hold, [edits, [...edits].reverse()]);
      assert.equal(one!.stored.length + other!.stored.length, 40);
      assert.equal(one!.unchanged.length + other!.unchanged.length, 40);
    });
  });

  it('keeps one row each when overlapping batches run at once', async () => {
    const rooms = [newRoom(), newRoom(), newRoom()];
    const rows = rooms.flatMap(room => Array.from({ length: 40 }, (_, i) => rowOf(room, i + 1)));
    const edits = rows.map(({ submission: { room, id } }) =>
      rowOf(room, id, { submission: { revision: 2 } }),
    );
    for (const batch of [rows, edits]) {
      const writers = Array.from({ length: 8 }, (_, i) => {
        const own = batch.slice(i * 5, 80 + i * 5);
        return db.store.persist(i % 2 === 0 ? own : own.reverse());
      });
      const results = await Promise.all(writers);
      const stored = results.flatMap(result => result.stored.map(({ room, id }) => `${room} ${id}`));
      const covered = new Set(batch.slice(0, 115).map(({ submission: { room, id } }) => `${room} ${id}`));
      assert.equal(stored.length, covered.size);
      assert.deepEqual(new Set(stored), covered);
    }
    const counts = await Promise.all(rooms.map(async room => (await db.store.counts(room)).stored));
    assert.deepEqual(counts, [40, 40, 35]);
  });
});
