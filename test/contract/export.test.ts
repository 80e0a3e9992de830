import assert from 'node:assert/strict';
import type { Cursor } from '../../src/export/cursor.ts';
import { runExport } from '../../src/export/run.ts';
import { createExportStore, type ExportStore } from '../../src/store/export.ts';
import { type OpenStore, openStore, rowOf } from '../support/store.ts';
import { until } from '../support/until.ts';

type Line = { room: string; id: number; [field: string]: unknown };
const NEVER = new AbortController().signal;
const FOR_EVER = '9999-01-01T00:00:00.000Z';

describe('an export', () => {
  let db: OpenStore;
  let store: ExportStore;
  /** More than two statements' worth in the first, and every id in turn in the rooms beside it. */
  const COUNTS = { 'export-a': 1_203, 'export-b': 500, 'export-c': 1 };
  before(async () => {
    db = await openStore();
    store = createExportStore(db.pool);
    for (const [room, count] of Object.entries(COUNTS)) {
      const ids = Array.from({ length: count }, (_, i) => 2 * i + 1);
      await db.store.persist(ids.map(id => rowOf(room, id, { submission: { clientId: `c-${id}` } })));
    }
  });
  after(() => db.close());

  const all = Object.entries(COUNTS).flatMap(([room, count]) =>
    Array.from({ length: count }, (_, i) => `${room} ${2 * i + 1}`),
  );
  const begin = (range: Partial<Cursor['range']> = {}): Cursor => ({
    v: 1,
    range: { originals: false, ...range },
    until: FOR_EVER,
    lines: 0,
  });
  async function exported(from: Cursor, limit = Number.MAX_SAFE_INTEGER) {
    const lines: Line[] = [];
    const end = await runExport(from, {
      store,
      limit,
      stopping: NEVER,
      reached: () => undefined,
      async write(text) {
        lines.push(
          ...text
            .trimEnd()
            .split('\n')
            .map(line => JSON.parse(line) as Line),
        );
        return true;
      },
    });
    return { lines, end };
  }
  const named = (lines: Line[]) => lines.map(({ room, id }) => `${room} ${id}`);

  it('is every row in the order of rooms and ids, of all rooms or of some', async () => {
    const { lines, end } = await exported(begin());
    assert.deepEqual(named(lines), all);
    assert.deepEqual([end.done, end.lines], [true, all.length]);
    const some = await exported(begin({ rooms: ['export-b', 'export-none'] }));
    assert.deepEqual(
      named(some.lines),
      all.filter(name => name.startsWith('export-b')),
    );
  });

  it('in parts of any length is the same lines, none twice and none missing', async () => {
    for (const limit of [1, 499, 500, 501, 777]) {
      const lines: Line[] = [];
      let cursor = begin(limit === 1 ? { rooms: ['export-b', 'export-c'] } : {});
      for (let parts = 0; !cursor.done && parts < 1_000; parts += 1) {
        const part = await exported(cursor, limit);
        assert.ok(part.lines.length <= limit);
        lines.push(...part.lines);
        // As it is when it was written and read again.
        cursor = JSON.parse(JSON.stringify(part.end)) as Cursor;
      }
      assert.deepEqual(named(lines), limit === 1 ? all.slice(1_203) : all, `parts of ${limit}`);
      assert.equal(cursor.lines, lines.length);
    }
  });

  it('keeps to its times and ids', async () => {
    // Row n of a room was accepted at n ms, modulo a second.
    const [from, to] = ['2026-01-01T00:00:00.011Z', '2026-01-01T00:00:00.021Z'];
    const { lines } = await exported({ ...begin({ rooms: ['export-b'], from, to }), until: to });
    assert.deepEqual(
      named(lines),
      [11, 13, 15, 17, 19].map(id => `export-b ${id}`),
    );
    const ids = await exported(begin({ rooms: ['export-a'], after: 1_201, before: 1_209 }));
    assert.deepEqual(
      named(ids.lines),
      [1_203, 1_205, 1_207].map(id => `export-a ${id}`),
    );
    const none = await exported(begin({ rooms: ['export-a'], from: '2027-01-01T00:00:00.000Z' }));
    assert.deepEqual([none.lines, none.end.done], [[], true]);
  });

  it('reads on only when what it wrote was taken, and stops when it is told to, at a place it can go on from', async () => {
    let reads = 0;
    const counting: ExportStore = {
      ...store,
      stretch(query) {
        reads += 1;
        return store.stretch(query);
      },
    };
    const stopping = new AbortController();
    let take = (_taken: boolean) => {};
    const writes: string[] = [];
    const running = runExport(begin(), {
      store: counting,
      limit: Number.MAX_SAFE_INTEGER,
      stopping: stopping.signal,
      reached: () => undefined,
      write(text) {
        writes.push(text);
        return new Promise(resolve => {
          take = resolve;
        });
      },
    });
    await until('a page is written', () => writes.length === 1);
    // The connection answers others, and nothing more was asked of it.
    await db.pool.query('SELECT 1');
    assert.equal(reads, 1);
    take(true);
    await until('the next page', () => writes.length === 2);
    assert.equal(reads, 2);
    stopping.abort();
    take(true);
    const end = await running;
    assert.deepEqual([end.done, end.lines, reads], [undefined, 1_000, 2]);
    const rest = await exported(end);
    assert.deepEqual(named(rest.lines), all.slice(1_000));
  });

  it('shows what readers see, and with originals what moderators reach', async () => {
    const room = 'export-verdicts';
    const verdict = (action: 'mask' | 'hold' | 'block') => ({
      ...{ action, rules: ['own/x'], policy: 'p1', toxicity: 0.9 },
      spans: [[0, 4]] as [number, number][],
    });
    const outcome = (status: 'masked' | 'held' | 'removed', action: 'mask' | 'hold' | 'block') => ({
      ...{ status, verdict: verdict(action) },
      ...(status === 'masked' ? {} : { reason: status === 'held' ? 'held' : 'moderated' }),
      audience: status === 'held' ? 'author' : 'all',
    });
    const decision = { action: 'remove', by: 'mod', at: '2026-01-01T00:00:00.000Z', was: 'visible' } as const;
    const rows = [
      rowOf(room, 1, { submission: { name: 'Ann' } }),
      rowOf(room, 2, { submission: { content: 'rude two' }, outcome: outcome('masked', 'mask') as object }),
      rowOf(room, 3, { submission: { content: 'rude three' }, outcome: outcome('held', 'hold') as object }),
      rowOf(room, 4, {
        submission: { content: 'rude four', decision },
        outcome: outcome('removed', 'block') as object,
      }),
      rowOf(room, 5, {
        submission: { content: 'rude five' },
        outcome: { status: 'removed', reason: 'deleted' },
      }),
    ];
    await db.store.persist(rows);
    await db.store.withdraw([rowOf(room, 6)]);
    const { lines } = await exported(begin({ rooms: [room] }));
    assert.deepEqual(
      lines.map(({ id, status, content }) => [id, status, content]),
      [
        [1, 'visible', 'message 1'],
        [2, 'masked', '**** two'],
        [3, 'held', undefined],
        [4, 'removed', undefined],
        [5, 'removed', undefined],
        [6, 'removed', undefined],
      ],
    );
    assert.ok(!JSON.stringify(lines).includes('rude'));
    assert.deepEqual(lines[1]!.verdict, { action: 'mask', rules: ['own/x'], policy: 'p1' });
    const { storedAt, ...first } = lines[0]!;
    assert.match(String(storedAt), /^\d{4}-.*Z$/);
    assert.deepEqual(first, {
      ...{ room, id: 1, revision: 1, epoch: 'e1', user: 'ann', name: 'Ann', clientId: 'c1' },
      ...{ content: 'message 1', status: 'visible', timestamp: rows[0]!.submission.timestamp },
      ...{ language: { code: 'en', confidence: 0.87 }, sentiment: { score: -0.25, label: 'negative' } },
      verdict: { action: 'allow', rules: [], policy: 'p1' },
      versions: { language: 'l1', moderation: 'm1', sentiment: 's1' },
      ...{ batch: 'b1', announcedAt: '2026-01-01T00:00:01.000Z' },
    });
    const whole = await exported(begin({ rooms: [room], originals: true }));
    assert.deepEqual(
      whole.lines.map(({ original }) => original),
      [undefined, 'rude two', 'rude three', 'rude four', undefined, undefined],
    );
    assert.deepEqual(whole.lines[2]!.verdict, verdict('hold'));
    assert.deepEqual(whole.lines[3]!.decision, decision);
  });
});
