import assert from 'node:assert/strict';
import { createAccountStore } from '../../src/store/account.ts';
import { createErasureStore, type ErasureRecord } from '../../src/store/erasures.ts';
import { createRetentionStore, DUE, OLDEST } from '../../src/store/retention.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';
import { until } from '../support/until.ts';

const RUN = { run: '00000000-0000-4000-8000-000000000001', by: 'test' };

describe('store: erasures', () => {
  let db: OpenStore;
  let erasures: ReturnType<typeof createErasureStore>;
  let users = 0;
  before(async () => {
    db = await openStore();
    erasures = createErasureStore(db.pool);
  });
  after(() => db.close());

  /** A user whom no other test erases. */
  const newUser = () => `user-${++users}`;
  const of = (user: string, more: object = {}) => ({ submission: { user, ...more } });
  async function rowsOf(room: string) {
    const sql =
      'SELECT id, revision, user_id, client_id, name, content, status, reason, verdict FROM messages';
    return (await db.pool.query(`${sql} WHERE room = $1 ORDER BY id`, [room])).rows;
  }
  const tombstone = (id: number, revision: number, record: ErasureRecord) => ({
    id,
    revision,
    user_id: `erased:${record.id}`,
    client_id: null,
    name: null,
    content: null,
    status: 'removed',
    reason: 'erased',
    verdict: null,
  });
  const untold = async (room: string) =>
    (await db.pool.query<{ ids: string[] }>('SELECT ids FROM untold WHERE room = $1', [room])).rows.flatMap(
      ({ ids }) => ids.map(Number),
    );
  async function accountOf(room: string) {
    const blocks = await createAccountStore(db.pool).blocks(room, -1);
    return blocks.flatMap(({ missing, unknown, unjudged }) => [...missing, ...unknown, ...unjudged]);
  }
  async function eraseAll(record: ErasureRecord, room: string) {
    while ((await erasures.eraseIn(record, room)) > 0);
    while ((await erasures.eraseLetters(record)) > 0);
    while ((await erasures.eraseElsewhere(record)) > 0);
  }

  it('wipe what a user wrote in a room, others and later texts not, and find nothing again', async () => {
    const [room, user] = [newRoom(), newUser()];
    await db.store.persist([
      rowOf(room, 1, of(user, { name: 'Ann' })),
      rowOf(room, 2, of('somebody')),
      {
        ...rowOf(room, 3, of(user)),
        ...rowOf(room, 3, { ...of(user), outcome: { status: 'held', audience: 'author' } }),
      },
    ]);
    const record = await erasures.record({ user, by: 'root', reason: 'asked' });
    const later = new Date(Date.parse(record.at) + 5_000).toISOString();
    await db.store.persist([rowOf(room, 4, of(user, { timestamp: later }))]);
    assert.deepEqual((await erasures.rooms(record, '')).wrote, [room]);
    await eraseAll(record, room);
    const rows = await rowsOf(room);
    assert.deepEqual([rows[0], rows[2]], [tombstone(1, 1, record), tombstone(3, 1, record)]);
    assert.deepEqual([rows[1].content, rows[3].content, rows[3].user_id], ['message 2', 'message 4', user]);
    assert.deepEqual((await untold(room)).sort(), [1, 3]);
    assert.deepEqual((await erasures.byId(record.id))!.counts, { messages: 2 });
    await eraseAll(record, room);
    assert.deepEqual((await erasures.byId(record.id))!.counts, { messages: 2 });
    assert.deepEqual(await accountOf(room), []);
  });

  it('are honoured by what is stored late: new rows, edits, repeats, withdrawals, dead letters', async () => {
    const [room, user] = [newRoom(), newUser()];
    await db.store.persist([rowOf(room, 1, of(user)), rowOf(room, 2, of(user))]);
    const record = await erasures.record({ user, by: 'root' });
    await eraseAll(record, room);
    const result = await db.store.persist([
      rowOf(room, 1, of(user, { revision: 2, offset: 5 })),
      rowOf(room, 2, of(user)),
      rowOf(room, 3, of(user, { clientId: 'c2', content: 'nul \0' })),
      rowOf(room, 4, of('somebody')),
    ]);
    assert.deepEqual([result.stored.length, result.unchanged.length], [2, 2]);
    assert.deepEqual([result.duplicates, result.refused, result.conflicts], [[], [], []]);
    await db.store.withdraw([rowOf(room, 6, of(user))]);
    await db.store.deadLetter([
      { submission: rowOf(room, 7, of(user)).submission, step: 'analyse', cause: 'x' },
    ]);
    const rows = await rowsOf(room);
    assert.deepEqual(
      rows.map(({ id, revision }) => [id, revision]),
      [
        [1, 2],
        [2, 1],
        [3, 1],
        [4, 1],
        [6, 1],
        [7, 1],
      ],
    );
    for (const row of rows.filter(({ id }) => id !== 4))
      assert.deepEqual(row, tombstone(row.id, row.revision, record));
    assert.equal(
      (await db.store.deadLetters({ limit: 100 })).filter(letter => letter.room === room).length,
      0,
    );
    assert.deepEqual(await accountOf(room), []);
    assert.deepEqual(new Set(await untold(room)), new Set([1, 2, 3, 6, 7]));
  });

  it('wait for what is being stored at that moment, and find it', async () => {
    const [room, user] = [newRoom(), newUser()];
    const blocker = await db.pool.connect();
    await blocker.query('BEGIN');
    // Holds up the storing after it has asked for erasures: the tally of the block is taken.
    await db.store.persist([rowOf(room, 900, of('somebody'))]);
    await blocker.query('SELECT FROM tallies WHERE room = $1 FOR UPDATE', [room]);
    const storing = db.store.persist([rowOf(room, 1, of(user))]);
    const waits = async (what: string) =>
      (
        await db.pool.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`, [
          what,
        ])
      ).rowCount! > 0;
    await until('the storing is held up', () => waits('%INSERT INTO tallies%'));
    const recording = erasures.record({ user, by: 'root' });
    await until('the erasure waits for it', () => waits('SELECT pg_advisory_xact_lock(%'));
    await blocker.query('COMMIT');
    blocker.release();
    await storing;
    const record = await recording;
    await eraseAll(record, room);
    assert.deepEqual((await rowsOf(room))[0], tombstone(1, 1, record));
  });

  it('take dead letters away: tombstones stand for them, unreadable ones lose their content', async () => {
    const [room, user] = [newRoom(), newUser()];
    await db.store.persist([rowOf(room, 1, of(user))]);
    const letter = (id: number, more: object = {}) => ({
      submission: { ...rowOf(room, id, of(user)).submission, ...more },
      step: 'analyse',
      cause: 'x',
    });
    const unreadable = {
      submission: {
        ...rowOf(room, 5).submission,
        revision: 0,
        user: '',
        content: JSON.stringify({ v: '9', message: JSON.stringify({ id: 5, user, content: 'a secret' }) }),
      },
      step: 'intake 1-1',
      cause: 'unknown schema version 9',
    };
    await db.store.deadLetter([letter(1, { revision: 2, offset: 4 }), letter(3), unreadable]);
    const record = await erasures.record({ user, by: 'root' });
    await eraseAll(record, room);
    assert.deepEqual(await rowsOf(room), [tombstone(1, 2, record), tombstone(3, 1, record)]);
    const left = (await db.store.deadLetters({ limit: 100 })).filter(one => one.room === room);
    assert.deepEqual(
      left.map(({ revision, entry }) => [revision, entry.content]),
      [[0, '']],
    );
    assert.deepEqual((await erasures.byId(record.id))!.counts, { messages: 1, deadLetters: 3 });
    assert.deepEqual(await accountOf(room), []);
  });

  it('take why a moderator decided with them, and who it was about, not that he decided', async () => {
    const [room, user] = [newRoom(), newUser()];
    const decision = {
      action: 'remove',
      by: 'mod',
      at: '2026-01-02T00:00:00.000Z',
      was: 'visible',
      reason: 'says x',
    } as const;
    await db.store.persist([rowOf(room, 1, of(user, { decision }))]);
    const record = await erasures.record({ user, by: 'root' });
    await eraseAll(record, room);
    await db.store.persist([rowOf(room, 2, of(user, { offset: 3, decision }))]);
    const { rows } = await db.pool.query(
      'SELECT action, actor, subject, message_id, reason FROM moderation_log WHERE scope = $1 ORDER BY id',
      [room],
    );
    const left = { action: 'remove', actor: 'mod', subject: `erased:${record.id}`, reason: null };
    assert.deepEqual(rows, [
      { ...left, message_id: 1 },
      { ...left, message_id: 2 },
    ]);
  });

  it('and purges find what is too old by its index, in large rooms in which nothing is', async () => {
    const room = newRoom();
    await db.pool.query(
      `INSERT INTO messages (room, id, revision, epoch, user_id, content, status, created_at, verdict)
       SELECT $1, i, 1, 'e', 'u', 'text', 'visible', now(), '{"action":"allow"}' FROM generate_series(1, 20000) i`,
      [room],
    );
    await db.pool.query('INSERT INTO rooms VALUES ($1, 20000, now())', [room]);
    await db.pool.query('ANALYZE messages');
    const planOf = async (sql: string, values: unknown[]) => {
      const { rows } = await db.pool.query(`EXPLAIN (ANALYZE, COSTS OFF) ${sql}`, values);
      return rows.map(row => row['QUERY PLAN'] as string).join('\n');
    };
    for (const plan of [await planOf(DUE, ['']), await planOf(OLDEST, [room, 30])]) {
      assert.match(plan, /using messages_age on messages/);
      assert.doesNotMatch(plan, /Rows Removed by Filter: \d{3}/);
    }
    await db.pool.query('DELETE FROM messages WHERE room = $1', [room]);
  });

  it('and purges are kept apart: an expired row is erased too, an erased one does not expire', async () => {
    const [room, user] = [newRoom(), newUser()];
    const retention = createRetentionStore(db.pool);
    const old = { timestamp: '2025-01-01T00:00:00.000Z' };
    await db.store.persist([
      rowOf(room, 1, of(user, old)),
      rowOf(room, 2, of('somebody', old)),
      rowOf(room, 3),
    ]);
    await db.pool.query('UPDATE messages SET created_at = now() WHERE room = $1 AND id = 3', [room]);
    const letter = { ...rowOf(room, 4, of('somebody', old)).submission };
    await db.store.deadLetter([{ submission: letter, step: 'analyse', cause: 'x' }]);
    await retention.set({ scope: room, days: 30, author: 'root' });
    assert.deepEqual((await retention.due('')).rooms, [{ room, days: 30 }]);
    assert.equal(await retention.expire(RUN, { room, days: 30 }), 2);
    assert.equal(await retention.expireLetters(RUN), 1);
    assert.equal(await retention.expire(RUN, { room, days: 30 }), 0);
    assert.deepEqual([(await retention.due('')).rooms, await retention.expireLetters(RUN)], [[], 0]);
    const reasons = async () => (await rowsOf(room)).map(({ id, reason, user_id }) => [id, reason, user_id]);
    assert.deepEqual(await reasons(), [
      [1, 'expired', user],
      [2, 'expired', 'somebody'],
      [3, null, 'ann'],
      [4, 'expired', 'somebody'],
    ]);
    assert.equal((await rowsOf(room))[0].client_id, 'c1', 'a repeat of it is still no new message');
    const again = await db.store.persist([rowOf(room, 8, of(user, { clientId: 'c1' }))]);
    assert.deepEqual(
      again.duplicates.map(({ originalId }) => originalId),
      [1],
    );
    const record = await erasures.record({ user, by: 'root' });
    await eraseAll(record, room);
    assert.deepEqual((await reasons())[0], [1, 'erased', `erased:${record.id}`]);
    const [trail] = await retention.trail({ limit: 1 });
    assert.deepEqual(
      [trail?.room, trail?.days, trail?.by, trail?.messages, trail?.letters],
      [room, 30, 'test', 2, 1],
    );
    assert.deepEqual(await accountOf(room), []);
  });
});
