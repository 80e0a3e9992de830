/**
 * `npx tsx test/bench/digest.ts [rows]`: what a day's digest costs in a store of a million and a half messages over
 * 30 days and 2,000 rooms, with the index that it has and with the others that it might have.
 */
import type { Pool } from 'pg';
import { countDay } from '../../src/digest/task.ts';
import { createDigestStore } from '../../src/store/digests.ts';
import { mochaGlobalTeardown } from '../support/stack.ts';
import { openStore, rowOf } from '../support/store.ts';

const ROWS = Number(process.argv[2] ?? 1_500_000);
const DAY = '2026-01-15';
const TIMEOUT_MS = 600_000;
const [BATCHES, BATCH] = [40, 500];

/** In the order of time; a few rooms are busy, most are quiet. */
const SEED = `
  INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, created_at, language,
    sentiment, sentiment_label, verdict, batch)
  SELECT 'room-' || (2000 * power(random(), 3))::integer, i, 1, 'e1', 'user-' || i % 5000, 'c' || i,
    'a message of an ordinary length, number ' || i, 'visible',
    timestamptz '2026-01-01' + (i::double precision / $1) * interval '30 days', 'en', 0.5, 'positive',
    '{"action":"allow","rules":[],"spans":[],"policy":"builtin-1","toxicity":0.01,"spam":0.01,"hits":[]}', 'b'
  FROM generate_series(1, $1::integer) AS i`;
const ROOMS = 'INSERT INTO rooms SELECT room, max(id), max(created_at) FROM messages GROUP BY room';
const WHOLE_DAY = `
  SELECT room, count(*), count(DISTINCT user_id) FROM messages
  WHERE created_at >= '${DAY}T00:00Z' AND created_at < '${DAY}T00:00Z'::timestamptz + interval '1 day' GROUP BY room`;

const say = (what: string, words: string) => process.stdout.write(`${what.padEnd(52)} ${words}\n`);

async function timed(what: string, run: () => Promise<unknown>) {
  const since = performance.now();
  const came = await run();
  const ms = Math.round(performance.now() - since);
  say(what, `${ms} ms${typeof came === 'number' ? `, ${came} rooms` : ''}`);
}

async function withIndex(pool: Pool, name: string, definition: string, run: () => Promise<unknown>) {
  await pool.query(`CREATE INDEX ${name} ON messages ${definition}`);
  await pool.query('ANALYZE messages');
  const { rows } = await pool.query<{ size: string }>('SELECT pg_size_pretty(pg_relation_size($1)) AS size', [
    name,
  ]);
  say(`index ${definition}`, rows[0]!.size);
  await run();
  await pool.query(`DROP INDEX ${name}`);
}

const { pool, store, close } = await openStore({ timeoutMs: TIMEOUT_MS });
const digests = createDigestStore(pool);
let next = ROWS;
/** Short messages of a later day, as the pipeline stores them. */
async function persist() {
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const rows = Array.from({ length: BATCH }, () => {
      next += 1;
      const room = `room-${Math.floor(2_000 * Math.random() ** 3)}`;
      const timestamp = new Date(Date.UTC(2026, 0, 31) + next).toISOString();
      return rowOf(room, next, { submission: { clientId: `c${next}`, timestamp } });
    });
    await store.persist(rows);
  }
}
const persisting = (what: string) => timed(`${BATCHES * BATCH} messages stored, ${what}`, persist);
const wholeDay = () => timed('the day in one statement', () => pool.query(WHOLE_DAY));

try {
  await pool.query('DROP INDEX messages_age');
  await timed(`${ROWS} messages planted`, () => pool.query(SEED, [ROWS]));
  await pool.query(ROOMS);
  await pool.query('VACUUM ANALYZE messages');
  await persisting('to warm up');
  await persisting('no index');
  await withIndex(pool, 'by_brin', 'USING brin (created_at) WITH (pages_per_range = 32)', wholeDay);
  await withIndex(pool, 'by_time', '(created_at)', wholeDay);
  await withIndex(pool, 'messages_age', '(room, created_at) WHERE verdict IS NOT NULL', async () => {
    await timed('the digests of a day, pages of 100 rooms', () => countDay(digests, DAY));
    await timed('the same, anew', () => countDay(digests, DAY));
    await timed("the busiest room's day, on demand", () => digests.count('room-0', DAY));
    await persisting('with (room, created_at)');
  });
  await persisting('no index');
} finally {
  await close();
  await mochaGlobalTeardown();
}
