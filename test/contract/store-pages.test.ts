import assert from 'node:assert/strict';
import { kept, shown } from '../../src/front/shown.ts';
import { PAGE, type PageQuery, SHOWN_PAGE } from '../../src/store/pages.ts';
import { LIST_ROOMS } from '../../src/store/rooms.ts';
import { STANDING } from '../../src/store/standing.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';

type Plan = { 'Node Type': string; 'Index Name'?: string; 'Relation Name'?: string; Plans?: Plan[] };

describe('store: pages', () => {
  let db: OpenStore;
  /** Ids 10, 20 … 500, with neighbours in rooms that sort right before and after. */
  const room = newRoom();
  const ids = Array.from({ length: 50 }, (_, i) => (i + 1) * 10);
  before(async () => {
    db = await openStore();
    await db.store.persist(
      [room, `${room}.`, `${room}-`, `${room}0`].flatMap(name => ids.map(id => rowOf(name, id))),
    );
  });
  after(() => db.close());

  const read = async (query: PageQuery) => {
    const { rows, hasOlder, hasNewer } = await db.store.page(room, query);
    return [rows.map(({ id }) => id), hasOlder, hasNewer];
  };

  it('without a cursor is the newest, oldest first', async () => {
    assert.deepEqual(await read({ limit: 3 }), [[480, 490, 500], true, false]);
    assert.deepEqual(await read({ limit: 50 }), [ids, false, false]);
    assert.deepEqual(await read({ limit: 49 }), [ids.slice(1), true, false]);
  });

  it('before an id leaves that id out, whether it exists or not', async () => {
    assert.deepEqual(await read({ before: 40, limit: 2 }), [[20, 30], true, true]);
    assert.deepEqual(await read({ before: 41, limit: 2 }), [[30, 40], true, true]);
    assert.deepEqual(await read({ before: 40, limit: 3 }), [[10, 20, 30], false, true]);
    assert.deepEqual(await read({ before: 501, limit: 1 }), [[500], true, false]);
  });

  it('after an id leaves that id out, whether it exists or not', async () => {
    assert.deepEqual(await read({ after: 470, limit: 2 }), [[480, 490], true, true]);
    assert.deepEqual(await read({ after: 469, limit: 2 }), [[470, 480], true, true]);
    assert.deepEqual(await read({ after: 470, limit: 3 }), [[480, 490, 500], true, false]);
    assert.deepEqual(await read({ after: 0, limit: 1 }), [[10], false, true]);
  });

  it('around an id has half of the limit before it, then itself and what follows', async () => {
    assert.deepEqual(await read({ around: 250, limit: 5 }), [[230, 240, 250, 260, 270], true, true]);
    assert.deepEqual(await read({ around: 250, limit: 4 }), [[230, 240, 250, 260], true, true]);
    assert.deepEqual(await read({ around: 250, limit: 1 }), [[250], true, true]);
    assert.deepEqual(await read({ around: 251, limit: 4 }), [[240, 250, 260, 270], true, true]);
    assert.deepEqual(await read({ around: 10, limit: 4 }), [[10, 20], false, true]);
    assert.deepEqual(await read({ around: 500, limit: 4 }), [[480, 490, 500], true, false]);
    assert.deepEqual(await read({ around: 20, limit: 100 }), [ids, false, false].with(0, ids.slice(0, 51)));
  });

  it('tells what lies beyond an empty page', async () => {
    assert.deepEqual(await read({ before: 10, limit: 5 }), [[], false, true]);
    assert.deepEqual(await read({ after: 500, limit: 5 }), [[], true, false]);
    assert.deepEqual(await read({ after: Number.MAX_SAFE_INTEGER, limit: 5 }), [[], true, false]);
    const nothing = { rows: [], hasOlder: false, hasNewer: false };
    for (const query of [{}, { before: 5 }, { after: 5 }, { around: 5 }]) {
      assert.deepEqual(await db.store.page('empty', { ...query, limit: 5 }), nothing);
    }
  });

  it('gives exactly the ids when the room is walked by sevens, either way', async () => {
    const down: number[] = [];
    for (let page = await db.store.page(room, { limit: 7 }); ; ) {
      down.unshift(...page.rows.map(({ id }) => id));
      if (!page.hasOlder) break;
      page = await db.store.page(room, { before: page.rows[0]!.id, limit: 7 });
      assert.equal(page.hasNewer, true);
    }
    assert.deepEqual(down, ids);
    const up: number[] = [];
    for (let page = await db.store.page(room, { after: 0, limit: 7 }); ; ) {
      up.push(...page.rows.map(({ id }) => id));
      if (!page.hasNewer) break;
      page = await db.store.page(room, { after: page.rows.at(-1)!.id, limit: 7 });
      assert.equal(page.hasOlder, true);
    }
    assert.deepEqual(up, ids);
  });

  it('is for readers what is stored without what moderators and the pipeline alone know', async () => {
    const mixed = newRoom();
    const spans: [number, number][] = [[0, 4]];
    const bounce = { action: 'bounce' as const, rules: ['own/x'], spans: [], policy: 'p1' };
    const mask = { action: 'mask' as const, rules: ['own/x'], spans, policy: 'p1' };
    await db.store.persist([
      rowOf(mixed, 1, { submission: { name: 'Ann', replyTo: 1, editedAt: '2026-01-02T00:00:00.000Z' } }),
      rowOf(mixed, 2, {
        outcome: { status: 'masked', verdict: mask },
        submission: { content: 'rude words' },
      }),
      rowOf(mixed, 3, { outcome: { status: 'removed', reason: 'moderated', verdict: bounce } }),
      rowOf(mixed, 4, { outcome: { status: 'removed', reason: 'moderated' } }),
      rowOf(mixed, 5, { outcome: { status: 'held', reason: 'held', audience: 'author' } }),
    ]);
    await db.store.withdraw([rowOf(mixed, 6)]);
    const query = { before: 7, limit: 5 };
    const whole = await db.store.page(mixed, query);
    const seen = await db.store.shownPage(mixed, query);
    assert.deepEqual(seen, { ...whole, rows: whole.rows.map(kept) });
    assert.ok(!JSON.stringify(seen).includes('rude'));
    for (const viewer of [
      { user: 'ann', moderator: false },
      { user: 'bob', moderator: false },
    ])
      assert.deepEqual(
        seen.rows.map(row => shown(row, viewer)),
        whole.rows.map(row => shown(row, viewer)),
      );
  });

  it('holds ids as large as time in microseconds', async () => {
    const late = newRoom();
    const base = 1_790_000_000_000_000;
    await db.store.persist([rowOf(late, base + 1), rowOf(late, base + 2)]);
    const { rows } = await db.store.page(late, { after: base + 1, limit: 5 });
    assert.deepEqual(
      rows.map(({ id }) => id),
      [base + 2],
    );
  });

  it('finds one message, or nothing', async () => {
    assert.equal((await db.store.byId(room, 20))?.content, 'message 20');
    assert.equal(await db.store.byId(room, 21), undefined);
  });

  it('counts a room, and all of them', async () => {
    const mixed = newRoom();
    await db.store.persist([
      rowOf(mixed, 1),
      rowOf(mixed, 2, { outcome: { status: 'removed', reason: 'moderated' } }),
      rowOf(mixed, 3, { outcome: { status: 'held', audience: 'author' } }),
    ]);
    await db.store.withdraw([rowOf(mixed, 4)]);
    const counts = { stored: 4, visible: 1, masked: 0, held: 1, removed: 2, duplicates: 1, deadLettered: 0 };
    assert.deepEqual(await db.store.counts(mixed), counts);
    assert.ok((await db.store.counts()).stored >= 204);
  });

  describe('on a large table', () => {
    const large = newRoom();
    before(async () => {
      await db.pool.query('ALTER TABLE messages SET (autovacuum_enabled = false)');
      await db.pool.query(
        `INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, created_at)
         SELECT $1 || CASE WHEN n % 2 = 0 THEN '' ELSE (n % 97)::text END, n, 1, 'e', 'ann', 'k' || n, 'text', 'visible', now()
         FROM generate_series(1, 20000) n`,
        [large],
      );
    });

    const planOf = async (sql: string, values: unknown[]) => {
      const { rows } = await db.pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `EXPLAIN (FORMAT JSON) ${sql}`,
        values,
      );
      const nodes: Plan[] = [];
      const walk = (plan: Plan) => {
        nodes.push(plan);
        for (const child of plan.Plans ?? []) walk(child);
      };
      walk(rows[0]!['QUERY PLAN'][0].Plan);
      return nodes;
    };
    const kinds = (nodes: Plan[]) => nodes.map(node => node['Node Type']);

    it('finds what stands in the way of a batch by its keys, before the planner knows the table', async () => {
      const batch = Array.from({ length: 500 }, (_, i) => i + 1);
      const texts = (text: (n: number) => string) => batch.map(text);
      const nodes = await planOf(STANDING, [
        texts(() => large),
        batch,
        texts(() => 'ann'),
        texts(n => `k${n}`),
      ]);
      const scans = nodes.filter(node => node['Relation Name'] === 'messages');
      assert.equal(scans.length, 3);
      for (const scan of scans) assert.match(scan['Node Type'], /^Index/);
    });

    it('reads a page by the primary key, with no sort over the room', async () => {
      await db.pool.query('ANALYZE messages');
      for (const [page, pivot] of [
        [PAGE, 2_000],
        [SHOWN_PAGE, 10_000],
        [SHOWN_PAGE, Number.MAX_SAFE_INTEGER],
      ] as const) {
        const nodes = await planOf(page, [large, pivot, 51, 51]);
        assert.deepEqual(kinds(nodes), ['Append', 'Limit', 'Index Scan', 'Limit', 'Index Scan']);
        const indexes = nodes.flatMap(node => node['Index Name'] ?? []);
        assert.deepEqual(indexes, ['messages_pkey', 'messages_pkey']);
      }
    });

    it('lists rooms by ranges of their key', async () => {
      const nodes = await planOf(LIST_ROOMS, ['', ['a', 'b'], ['a', 'b~'], 51]);
      const [scan] = nodes.filter(node => node['Relation Name'] === 'rooms');
      assert.match(scan?.['Node Type'] ?? '', /^Index|^Bitmap/);
    });
  });
});

describe('store: rooms', () => {
  let db: OpenStore;
  const names = ['a', 'a-b', 'a.b', 'a_b', 'ab', 'acb', 'team', 'team-1', 'team-2', 'tean'];
  before(async () => {
    db = await openStore();
    await db.store.persist(names.map(name => rowOf(name, 5)));
  });
  after(() => db.close());

  const listed = async (query: Parameters<OpenStore['store']['rooms']>[0]) => {
    const { rooms, hasMore } = await db.store.rooms(query);
    return [rooms.map(({ room }) => room), hasMore];
  };

  it('come by name, page by page', async () => {
    assert.deepEqual(await listed({ limit: 100 }), [names, false]);
    assert.deepEqual(await listed({ limit: 4 }), [names.slice(0, 4), true]);
    assert.deepEqual(await listed({ after: 'a_b', limit: 6 }), [names.slice(4), false]);
    assert.deepEqual(await listed({ after: 'zz', limit: 6 }), [[], false]);
  });

  it('are only those that are allowed, each once', async () => {
    assert.deepEqual(await listed({ limit: 9, allow: ['a_b', 'a.b', 'none'] }), [['a.b', 'a_b'], false]);
    assert.deepEqual(await listed({ limit: 9, allow: ['a_*'] }), [['a_b'], false]);
    assert.deepEqual(await listed({ limit: 9, allow: ['team*', 'team-1'] }), [
      ['team', 'team-1', 'team-2'],
      false,
    ]);
    assert.deepEqual(await listed({ limit: 2, allow: ['tea*', 'a'] }), [['a', 'team'], true]);
    assert.deepEqual(await listed({ limit: 9, after: 'team', allow: ['team*'] }), [
      ['team-1', 'team-2'],
      false,
    ]);
    assert.deepEqual(await listed({ limit: 9, allow: [] }), [[], false]);
    assert.deepEqual(await listed({ limit: 9, allow: ['%'] }), [[], false]);
  });

  it('tell of the newest message, whatever order the batches come in', async () => {
    await db.store.persist([rowOf('clock', 8), rowOf('clock', 9)]);
    await db.store.persist([rowOf('clock', 3)]);
    const { rooms } = await db.store.rooms({ limit: 1, allow: ['clock'] });
    assert.deepEqual(rooms, [{ room: 'clock', lastId: 9, lastMessageAt: '2026-01-01T00:00:00.009Z' }]);
  });

  it('are not made by messages that were not stored', async () => {
    await db.store.persist([rowOf('refused', 1, { submission: { content: '\0' } })]);
    assert.deepEqual(await listed({ limit: 1, allow: ['refused'] }), [[], false]);
  });
});
