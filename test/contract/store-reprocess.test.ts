import assert from 'node:assert/strict';
import type { OutcomeChange } from '../../src/reprocess/outcome-change.ts';
import { createReprocessStore } from '../../src/store/reprocess.ts';
import { MAX_UNFINISHED } from '../../src/store/reprocess-runs.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';

const SPEC = {
  redo: 'moderation' as const,
  dryRun: false,
  through: '2030-01-01T00:00:00.000Z',
  policiesThrough: 0,
};
const AFTER = {
  status: 'removed' as const,
  reason: 'moderated' as const,
  verdict: { action: 'block' as const, rules: ['own'], spans: [], policy: 'p2' },
  batch: 'run-1',
};

describe('store: runs over history', () => {
  let opened: OpenStore;
  let store: ReturnType<typeof createReprocessStore>;
  let runs = 0;
  before(async () => {
    opened = await openStore();
    store = createReprocessStore(opened.pool);
  });
  after(() => opened.close());

  async function begun(more: object = {}) {
    runs += 1;
    const run = `20260101-${String(runs).padStart(8, '0')}`;
    return (await store.create({ run, spec: SPEC, rate: 100, author: 'root', ...more }))!;
  }
  const ended = async (run: string) => {
    await store.wish(run, { want: 'cancel' });
    await store.move((await store.read(run))!, {});
  };
  /** As the plan of a page gives it, of a message that stands as `rowOf` stores it. */
  function changeOf(room: string, id: number): OutcomeChange & { state: 'planned' } {
    const before = { status: 'visible' as const, batch: 'b1' };
    return { room, id, revision: 1, kind: 'removed', state: 'planned', before, after: AFTER };
  }
  async function planned(room: string, ids: number[]) {
    const run = await begun();
    const changes = ids.map(id => changeOf(room, id));
    const progress = {
      cursor: { room, id: ids.at(-1)! },
      phase: 'apply' as const,
      add: { changed: ids.length },
    };
    assert.ok(await store.plan(run, { changes, confirmed: [], progress }));
    return (await store.read(run.run))!;
  }
  const tellsAll = async (_room: string, standing: { row: { id: number } }[]) =>
    new Map(standing.map(({ row }, i) => [row.id, 100 + i]));
  const statuses = async (room: string) =>
    (await opened.pool.query('SELECT status FROM messages WHERE room = $1 ORDER BY id', [room])).rows.map(
      ({ status }) => status as string,
    );

  it('takes a page from one of two workers that saw the same', async () => {
    const room = newRoom();
    const run = await begun();
    const page = { changes: [changeOf(room, 1)], confirmed: [], progress: { add: { changed: 1 } } };
    const taken = await Promise.all([store.plan(run, page), store.plan(run, page)]);
    assert.deepEqual(taken.sort(), [false, true]);
    const now = (await store.read(run.run))!;
    assert.deepEqual([now.page, now.counts.changed], [1, 1]);
    await ended(run.run);
  });

  it('stores what was told while the rows stood, and counts the others', async () => {
    const room = newRoom();
    await opened.store.persist([1, 2, 3, 4].map(id => rowOf(room, id)));
    const run = await planned(room, [1, 2, 3, 4]);
    await opened.pool.query(`UPDATE messages SET revision = 2 WHERE room = $1 AND id = 2`, [room]);
    const told: number[] = [];
    const applied = await store.apply(run, async (where, standing) => {
      told.push(...standing.map(({ row }) => row.id));
      // The log says that the third has changed since.
      const all = await tellsAll(where, standing);
      all.delete(3);
      return all;
    });
    assert.ok(applied);
    assert.deepEqual(told, [1, 3, 4]);
    assert.deepEqual(await statuses(room), ['removed', 'visible', 'visible', 'removed']);
    const { counts, phase } = (await store.read(run.run))!;
    assert.deepEqual([counts.applied, counts.superseded, counts.removals, phase], [2, 2, 2, 'apply']);
    await ended(run.run);
  });

  it('stores nothing where the rooms could not be told', async () => {
    const room = newRoom();
    await opened.store.persist([rowOf(room, 1)]);
    const run = await planned(room, [1]);
    await assert.rejects(store.apply(run, async () => Promise.reject(new Error('Redis is away'))));
    assert.deepEqual(await statuses(room), ['visible']);
    assert.ok(await store.apply(run, tellsAll), 'and may be asked again');
    assert.deepEqual(await statuses(room), ['removed']);
    await ended(run.run);
  });

  it('drops a page that nobody was told of', async () => {
    const room = newRoom();
    await opened.store.persist([rowOf(room, 1)]);
    const run = await planned(room, [1]);
    await store.wish(run.run, { want: 'cancel' });
    await store.drop((await store.read(run.run))!);
    assert.notEqual((await store.read(run.run))!.endedAt, undefined);
    assert.equal(await store.removalsPlanned(run.run), 0);
    assert.equal(await store.wish(run.run, { want: 'resume' }), undefined);
  });

  it('forgets what runs changed that ended long ago, and nothing of the others', async () => {
    const room = newRoom();
    const [old, fresh] = [await planned(room, [1, 2]), await planned(room, [1])];
    await ended(old.run);
    await opened.pool.query(
      `UPDATE reprocess_runs SET ended_at = now() - interval '91 days' WHERE run = $1`,
      [old.run],
    );
    assert.equal(await store.forget(), false);
    const { rows } = await opened.pool.query('SELECT DISTINCT run FROM reprocess_changes WHERE room = $1', [
      room,
    ]);
    assert.deepEqual(rows, [{ run: fresh.run }]);
    await ended(fresh.run);
  });

  it('begins no more than so many that have not ended', async () => {
    const open = (await store.unfinished()).length;
    for (let i = open; i < MAX_UNFINISHED; i += 1) assert.notEqual(await begun(), undefined);
    assert.equal(await begun(), undefined);
  });
});
