import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type AccountStore, createAccountStore } from '../../src/store/account.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';

/** As far as offsets go after a loss: microseconds. */
const FAR = 1_790_000_000_000_000;

describe('store: tallies', () => {
  let db: OpenStore;
  let account: AccountStore;
  before(async () => {
    db = await openStore();
    account = createAccountStore(db.pool);
  });
  after(() => db.close());

  const store = (room: string, ...ids: number[]) =>
    db.store.persist(ids.map(id => ({ ...rowOf(room, id), last: id + 1 })));
  async function all(room: string) {
    const blocks = [];
    for (let page = await account.blocks(room, -1); page.length > 0; ) {
      blocks.push(...page);
      page = await account.blocks(room, page.at(-1)!.from);
    }
    return blocks;
  }
  const of = (blocks: Awaited<ReturnType<typeof all>>, what: 'missing' | 'unknown' | 'unjudged') =>
    blocks.flatMap(block => block[what]);

  it('agree with the rows, over blocks and epochs, whatever is repeated, revised, withdrawn or refused', async () => {
    const room = newRoom();
    await store(room, 1, 3, 1_021, 1_023, 1_024, 5_000, FAR, FAR + 2);
    await store(room, 3, 1_024);
    await db.store.persist([rowOf(room, 3, { submission: { revision: 2, offset: 7 } })]);
    await db.store.withdraw([rowOf(room, 9)]);
    await db.store.persist([rowOf(room, 11, { submission: { content: 'nul \0' } })]);
    const blocks = await all(room);
    assert.deepEqual(
      ['missing', 'unknown', 'unjudged'].map(what => of(blocks, what as 'missing')),
      [[], [], []],
    );
    assert.equal(
      blocks.reduce((sum, { rows }) => sum + rows, 0),
      9,
    );
    assert.equal(
      blocks.reduce((sum, { withdrawn }) => sum + withdrawn, 0),
      1,
    );
  });

  it('name each row that is gone, that was never stored, or has no verdict', async () => {
    const room = newRoom();
    const ids = Array.from({ length: 40 }, (_, i) => 1 + 600 * i);
    await store(room, ...ids);
    await db.pool.query('DELETE FROM messages WHERE room = $1 AND id = ANY($2)', [room, [601, 6_001]]);
    await db.pool.query('UPDATE messages SET id = id + 1 WHERE room = $1 AND id = 1201', [room]);
    await db.pool.query('UPDATE messages SET id = $2 WHERE room = $1 AND id = 1801', [room, FAR]);
    await db.pool.query('UPDATE messages SET verdict = NULL WHERE room = $1 AND id = 2401', [room]);
    const blocks = await all(room);
    assert.deepEqual(of(blocks, 'missing'), [601, 1_201, 1_801, 6_001]);
    assert.deepEqual(of(blocks, 'unknown'), [1_202]);
    assert.deepEqual(of(blocks, 'unjudged'), [2_401]);
    assert.deepEqual(await account.stray(room), [FAR]);
  });

  it('tell which entries the store does not reflect, newest first, those that were set aside left out', async () => {
    const room = newRoom();
    await store(room, 1, 3, 2_000);
    await db.store.deadLetter([{ submission: rowOf(room, 1_990).submission, step: 'analyse', cause: 'x' }]);
    assert.deepEqual(await account.unsettled(room, 1, 8), { offsets: [8, 7, 6, 5], more: false });
    assert.deepEqual(await account.unsettled(room, 1_989, 2_001), {
      offsets: [1_999, 1_998, 1_997, 1_996, 1_995, 1_994, 1_993, 1_992, 1_991, 1_989],
      more: false,
    });
    const long = await account.unsettled(room, 1, 1_500);
    assert.deepEqual([long.offsets.length, long.offsets.at(-1), long.more], [1_000, 501, true]);
  });

  it('count what a stretch of offsets created, cut at both ends, dead letters included once', async () => {
    const room = newRoom();
    await store(room, 1, 3, 1_021, 1_023, 1_025, 5_001, FAR);
    for (const step of ['analyse', 'persist'])
      await db.store.deadLetter([{ submission: rowOf(room, 7).submission, step, cause: 'x' }]);
    await db.store.deadLetter([{ submission: rowOf(room, 3).submission, step: 'analyse', cause: 'x' }]);
    const count = (from: number, to: number) => account.accounted(room, from, to);
    assert.deepEqual(
      await Promise.all([
        count(1, 5_002),
        count(1, 5_001),
        count(2, 1_023),
        count(3, 4),
        count(FAR, FAR + 1),
      ]),
      [7, 6, 3, 1, 1],
    );
  });

  it('take what was stored before them as it stands', async () => {
    const room = newRoom();
    await store(room, 1, 1_030, FAR);
    const migration = await readFile(
      new URL('../../src/store/migrations/003-tallies.sql', import.meta.url),
      'utf8',
    );
    const backfill = /INSERT INTO tallies.*?;/s.exec(migration)![0];
    await db.pool.query('DELETE FROM tallies');
    assert.deepEqual((await account.stray(room)).length, 3);
    await db.pool.query(backfill);
    assert.deepEqual(
      (await all(room)).map(({ from, rows, missing, unknown }) => [from, rows, missing, unknown]),
      [
        [0, 1, [], []],
        [1_024, 1, [], []],
        [Math.floor(FAR / 1_024) * 1_024, 1, [], []],
      ],
    );
    assert.deepEqual((await account.unsettled(room, 1, 50)).offsets, []);
  });

  it('know all rooms, by name, also those whose rows are all gone', async () => {
    const rooms = [newRoom(), newRoom()];
    for (const room of rooms) await store(room, 1);
    await db.pool.query('DELETE FROM messages WHERE room = $1', [rooms[0]]);
    await db.pool.query('DELETE FROM rooms WHERE room = $1', [rooms[0]]);
    const names: string[] = [];
    for (let page = await account.rooms(''); page.length > 0; page = await account.rooms(page.at(-1)!))
      names.push(...page);
    assert.deepEqual(names, [...names].sort());
    assert.ok(rooms.every(room => names.includes(room)));
    assert.deepEqual(await account.known([...rooms, 'nobody']), new Set(rooms));
  });
});
