import assert from 'node:assert/strict';
import { countDay, createDigestTask } from '../../src/digest/task.ts';
import type { Outcome } from '../../src/message.ts';
import { COUNT_DAY, createDigestStore, type DigestData, type DigestStore } from '../../src/store/digests.ts';
import { newRoom, type OpenStore, openStore, rowOf } from '../support/store.ts';

const DAY = '2026-03-01';
const verdict = (action: Outcome['verdict']['action']): Outcome['verdict'] => ({
  action,
  rules: [],
  spans: [],
  policy: 'p1',
});
const never = new AbortController().signal;

describe('digests', () => {
  let opened: OpenStore;
  let digests: DigestStore;
  before(async () => {
    opened = await openStore();
    digests = createDigestStore(opened.pool);
  });
  after(() => opened?.close());

  /** Plants messages, each at a time of UTC; ids are in the order given. */
  async function plant(room: string, messages: Planted[]) {
    const rows = messages.map(({ at, user = 'ann', outcome = {} }, i) =>
      rowOf(room, i + 1, {
        submission: { user, timestamp: at.includes('T') ? at : `${DAY}T${at}Z` },
        outcome: {
          language: { code: 'en', confidence: 1 },
          sentiment: { score: 0, label: 'neutral' },
          ...outcome,
        },
      }),
    );
    await opened.store.persist(rows);
    return rows;
  }
  const kept = async (room: string, day = DAY) => (await digests.between(room, day, day))[0];

  it('count exactly what was planted, from midnight to midnight of UTC', async () => {
    const room = newRoom();
    const rows = await plant(room, [
      { at: '2026-02-28T23:59:59.999Z', user: 'eve' },
      { at: '00:00:00.000' },
      { at: '00:59:59.999', user: 'ben', outcome: { language: { code: 'de', confidence: 1 } } },
      { at: '09:10:00.000', outcome: { sentiment: { score: 0.5, label: 'positive' } } },
      { at: '09:20:00.000', outcome: { sentiment: { score: -0.25, label: 'negative' } } },
      { at: '09:30:00.000', outcome: { verdict: verdict('flag') } },
      { at: '10:00:00.000', outcome: { status: 'masked', verdict: verdict('mask') } },
      { at: '11:00:00.000', outcome: { status: 'held', audience: 'author', verdict: verdict('hold') } },
      { at: '12:00:00.000', user: 'shady', outcome: { audience: 'author', verdict: verdict('shadow') } },
      { at: '13:00:00.000', outcome: { status: 'removed', reason: 'moderated', verdict: verdict('block') } },
      {
        at: '14:00:00.000',
        outcome: { status: 'removed', reason: 'deleted', sentiment: { score: 1, label: 'positive' } },
      },
      { at: '23:59:59.999', outcome: { language: { code: 'und', confidence: 0 } } },
      { at: '2026-03-02T00:00:00.000Z', user: 'eve' },
    ]);
    const repeat = { ...rows[3]!, submission: { ...rows[3]!.submission, id: 99, offset: 99 } };
    await opened.store.withdraw([repeat]);
    assert.equal(await digests.keep([room, newRoom()], DAY), 1);
    const hours = Array.from({ length: 24 }, () => 0);
    Object.assign(hours, { 0: 2, 9: 3, 10: 1, 11: 1, 12: 1, 13: 1, 14: 1, 23: 1 });
    const expected: DigestData = {
      messages: 11,
      authors: 3,
      hours,
      languages: { en: 8, de: 1, und: 1 },
      mood: { mean: 0.025, negative: 1, neutral: 8, positive: 1 },
      removals: { deleted: 1, moderated: 1, held: 0 },
      moderation: { flagged: 1, masked: 1, held: 1, shadowed: 1 },
    };
    const { data, final } = (await kept(room))!;
    assert.deepEqual(data, expected);
    assert.equal(final, true);
    assert.deepEqual(await digests.count(room, DAY), expected);
    const emptied = newRoom();
    await plant(emptied, [{ at: '08:00:00.000', outcome: { status: 'removed', reason: 'deleted' } }]);
    const { languages, mood } = (await digests.count(emptied, DAY))!;
    assert.deepEqual([languages, mood.mean], [{}, null]);
  });

  it('tell all members the same, whatever moderation decided', async () => {
    const [plain, moderated] = [newRoom(), newRoom()];
    const outcomes: Partial<Outcome>[] = [
      { audience: 'author', verdict: verdict('shadow') },
      { status: 'held', audience: 'author', verdict: verdict('hold') },
      { status: 'removed', reason: 'moderated', verdict: verdict('block') },
    ];
    await plant(
      plain,
      outcomes.map(() => ({ at: '08:00:00.000', user: 'eve' })),
    );
    await plant(
      moderated,
      outcomes.map(outcome => ({ at: '08:00:00.000', user: 'eve', outcome })),
    );
    await digests.keep([plain, moderated], DAY);
    const everyones = async (room: string) => {
      const { removals: _removals, moderation: _moderation, ...rest } = (await kept(room))!.data;
      return rest;
    };
    assert.deepEqual(await everyones(moderated), await everyones(plain));
  });

  it('may be made again: the same numbers, later ones in their place, never fewer messages', async () => {
    const room = newRoom();
    const [row] = await plant(room, [{ at: '08:00:00.000' }, { at: '09:00:00.000' }]);
    await digests.keep([room], DAY);
    const first = (await kept(room))!;
    await digests.keep([room], DAY);
    assert.deepEqual((await kept(room))!.data, first.data);
    const { submission, outcome } = row!;
    const removed: Outcome = { ...outcome, revision: 2, status: 'removed', reason: 'moderated' };
    await opened.store.persist([{ ...row!, submission: { ...submission, revision: 2 }, outcome: removed }]);
    await digests.keep([room], DAY);
    const second = (await kept(room))!;
    assert.equal(second.data.removals.moderated, 1);
    await opened.pool.query('DELETE FROM messages WHERE room = $1 AND id = 1', [room]);
    await digests.keep([room], DAY);
    assert.deepEqual((await kept(room))!.data, second.data);
  });

  it('are made of every room in pages, also where a room is busy on later days alone', async () => {
    const rooms = Array.from({ length: 205 }, newRoom);
    for (const room of rooms) await plant(room, [{ at: '2026-04-01T08:00:00.000Z' }]);
    const quiet = newRoom();
    await plant(quiet, [{ at: '2026-04-02T08:00:00.000Z' }]);
    assert.equal(await countDay(digests, '2026-04-01'), 205);
    assert.equal(await kept(quiet, '2026-04-01'), undefined);
  });

  it('make up for nights that were missed, a week at most, and count the last two days again', async () => {
    const task = createDigestTask({ store: digests });
    const room = newRoom();
    await plant(room, [
      ...['01', '03', '05', '07', '09'].map(day => ({ at: `2026-05-${day}T08:00:00.000Z` })),
      { at: '2026-05-20T08:00:00.000Z' },
    ]);
    const at = (day: string) => new Date(`2026-05-${day}T00:10:00Z`);
    assert.equal((await task(at('02'), never)).to, '2026-05-01');
    assert.deepEqual(await task(at('06'), never), { from: '2026-05-01', to: '2026-05-05', digests: 3 });
    assert.deepEqual(await task(at('06'), never), { from: '2026-05-04', to: '2026-05-05', digests: 1 });
    assert.deepEqual(await task(at('21'), never), { from: '2026-05-14', to: '2026-05-20', digests: 1 });
    await assert.rejects(task(at('06'), AbortSignal.abort()), { name: 'AbortError' });
  });

  it('read a room’s day alone, however much the room holds before and after it', async () => {
    const room = newRoom();
    await opened.pool.query(YEARS, [room]);
    await opened.pool.query('ANALYZE messages');
    const { rows } = await opened.pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${COUNT_DAY}`, [[room], DAY]);
    const plan = JSON.stringify(rows);
    assert.match(plan, /"Index Name":"messages_age"/);
    assert.doesNotMatch(
      plan,
      /"Seq Scan","Parallel Aware":[a-z]+,"Async Capable":[a-z]+,"Relation Name":"messages"/,
    );
  });
});

type Planted = { at: string; user?: string; outcome?: Partial<Outcome> };

/** Ten messages a day over three years. */
const YEARS = `
  INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, created_at, verdict)
  SELECT $1, i, 1, 'e1', 'ann', 'y' || i, 'words', 'visible', timestamptz '2025-01-01' + i * interval '144 minutes', '{}'
  FROM generate_series(1, 10000) AS i`;
