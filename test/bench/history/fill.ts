/** Fills a store as years of chat would: one big room and many others, their rows mixed as they would have come. */
import type { Pool } from 'pg';

/** Eight rows in ten; the others go to ten middling rooms and a thousand small ones. */
export const BIG = 'big';
const CHUNK = 200_000;

/**
 * Row n of all. A room's ids are every second offset, for outcomes are entries too. Texts are of 5 to 300
 * characters, 70 in the middle; what the pipeline says of them is as long as it really is.
 */
const ROWS = `
  WITH numbered AS (
    SELECT n, n / 10 AS ten, n % 10 AS digit, ('x' || substr(md5(n::text), 1, 7))::bit(28)::integer AS random
    FROM generate_series($1::bigint, $2::bigint) n),
  placed AS (
    SELECT n, random, CASE WHEN digit < 8 THEN '${BIG}' WHEN digit = 8 THEN 'mid-' || ten % 10
        ELSE 'small-' || ten % 1000 END AS room,
      2 * CASE WHEN digit < 8 THEN ten * 8 + digit WHEN digit = 8 THEN ten / 10 ELSE ten / 1000 END + 1 AS id
    FROM numbered)
  INSERT INTO messages (room, id, revision, epoch, user_id, name, client_id, content, reply_to, status, audience,
    created_at, language, language_confidence, sentiment, sentiment_label, verdict, versions, batch, announced_at,
    stored_at)
  SELECT room, id, 1, 'Vq2mBqk0xN3h', 'user-' || random % 5000, 'User ' || random % 5000, md5('c' || n),
    substr(repeat(md5(n::text) || ' ', 10), 1,
      5 + (power((random % 1000) / 1000.0, 3) * 250 + (random % 97) * 0.5)::integer),
    CASE WHEN random % 12 = 0 AND id > 100 THEN id - 2 END, 'visible', 'all',
    timestamptz '2024-01-01' + n * interval '12 seconds', 'en', 0.93, (random % 200 - 100) / 100.0, 'neutral',
    '{"hits": [], "spam": 0.065, "rules": [], "spans": [], "action": "allow", "policy": "builtin-1", "toxicity": 0.013}',
    '{"language": "eld-2.1.0/medium+1", "sentiment": "vader-sentiment-1.1.3+1/words-1", "moderation": "builtin-1"}',
    'batch-' || room || '-' || id || '-1-' || substr(md5((n / 40)::text), 1, 12),
    timestamptz '2024-01-01' + n * interval '12 seconds' + interval '40 ms',
    timestamptz '2024-01-01' + n * interval '12 seconds' + interval '60 ms'
  FROM placed`;

const ROOMS = `
  INSERT INTO rooms (room, last_id, last_message_at)
  SELECT room, max(id), max(created_at) FROM messages GROUP BY room`;

/** So many rows; the unique key of clients is taken away meanwhile, which quarters the time. */
export async function fill(pool: Pool, rows: number, say: (line: string) => void): Promise<void> {
  await pool.query('ALTER TABLE messages DROP CONSTRAINT messages_client_key');
  for (let from = 0; from < rows; from += CHUNK) {
    await pool.query(ROWS, [from, Math.min(from + CHUNK, rows) - 1]);
    if ((from / CHUNK) % 5 === 4) say(`  ${(from + CHUNK).toLocaleString('en')} rows`);
  }
  await pool.query(
    'ALTER TABLE messages ADD CONSTRAINT messages_client_key UNIQUE (room, user_id, client_id)',
  );
  await pool.query(ROOMS);
  await pool.query('VACUUM (ANALYZE) messages');
}

export type Sizes = { rows: number; rooms: number; big: number; lastId: number; table: string; all: string };

/** What stands in the store. */
export async function sizesOf(pool: Pool): Promise<Sizes> {
  const { rows } = await pool.query<Sizes>(
    `SELECT count(*)::integer AS rows, count(DISTINCT room)::integer AS rooms,
       count(*) FILTER (WHERE room = $1)::integer AS big, max(id) FILTER (WHERE room = $1)::integer AS "lastId",
       pg_size_pretty(pg_table_size('messages')) AS table,
       pg_size_pretty(pg_total_relation_size('messages')) AS all FROM messages`,
    [BIG],
  );
  return rows[0]!;
}
