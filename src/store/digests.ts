/**
 * What a room's day (UTC) came to. Nothing that all members see depends on a verdict: messages, authors and hours
 * count whatever was written, languages and mood whatever was not deleted. Repeats of a client key count nowhere, nor
 * does what was wiped before it was counted.
 */
import type { Pool } from 'pg';

/** Numbers alone. `removals` and `moderation` are for moderators. */
export type DigestData = {
  messages: number;
  authors: number;
  /** Messages of each hour of the day. */
  hours: number[];
  /** Messages by ISO 639-1 code, or `und`. */
  languages: Record<string, number>;
  /** `mean` is -1..1, null where no message has its text any more. */
  mood: { mean: number | null; negative: number; neutral: number; positive: number };
  removals: Record<(typeof REASONS)[number], number>;
  moderation: { flagged: number; masked: number; held: number; shadowed: number };
};
export type Digest = { room: string; day: string; final: boolean; madeAt: string; data: DigestData };
export type DigestStore = ReturnType<typeof createDigestStore>;

const REASONS = ['deleted', 'moderated', 'held'] as const;
/** Rooms whose messages are read together. */
const ROOMS_AT_ONCE = 100;

const countIf = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
const fields = (entries: (readonly [name: string, sql: string])[]) =>
  `jsonb_build_object(${entries.map(([name, sql]) => `'${name}', ${sql}`).join(', ')})`;

const TEXT = `reason IS DISTINCT FROM 'deleted'`;
/** All but the languages, which are grouped by themselves. */
const TOTALS = fields([
  ['messages', 'count(*)'],
  ['authors', 'count(DISTINCT user_id)'],
  [
    'hours',
    `jsonb_build_array(${Array.from({ length: 24 }, (_, hour) => countIf(`hour = ${hour}`)).join(', ')})`,
  ],
  [
    'mood',
    fields([
      ['mean', `round(avg(sentiment) FILTER (WHERE ${TEXT})::numeric, 4)`],
      ...['negative', 'neutral', 'positive'].map(
        label => [label, countIf(`sentiment_label = '${label}' AND ${TEXT}`)] as const,
      ),
    ]),
  ],
  [
    'removals',
    fields(REASONS.map(reason => [reason, countIf(`status = 'removed' AND reason = '${reason}'`)])),
  ],
  [
    'moderation',
    fields([
      ['flagged', countIf("action = 'flag'")],
      ['masked', countIf("status = 'masked'")],
      ['held', countIf("status = 'held'")],
      ['shadowed', countIf("status = 'visible' AND audience = 'author'")],
    ]),
  ],
]);

/**
 * Counts given rooms on a day; those without a message of it are not among the rows. By the index `messages_age`,
 * which holds what retention and erasure have not wiped.
 */
export const COUNT_DAY = `
  WITH written AS MATERIALIZED (
    SELECT m.room, m.user_id, m.language, m.sentiment, m.sentiment_label, m.status, m.reason, m.audience,
      m.verdict ->> 'action' AS action, extract(hour FROM m.created_at AT TIME ZONE 'UTC') AS hour
    FROM unnest($1::text[]) AS asked (room), LATERAL (
      SELECT * FROM messages m WHERE m.room = asked.room COLLATE "C"
        AND m.created_at >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND m.created_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
        AND m.verdict IS NOT NULL AND m.reason IS DISTINCT FROM 'duplicate') m),
  totals AS (SELECT room, ${TOTALS} AS data FROM written GROUP BY room),
  languages AS (
    SELECT room, coalesce(jsonb_object_agg(code, messages) FILTER (WHERE messages > 0), '{}') AS codes FROM (
      SELECT room, coalesce(language, 'und') AS code, ${countIf(TEXT)} AS messages
      FROM written GROUP BY room, code) counted
    GROUP BY room)
  SELECT room, data || jsonb_build_object('languages', codes) AS data FROM totals JOIN languages USING (room)`;

/**
 * A day's messages never become fewer, but by retention and erasure: then the former count stands. `final` is what the clock of
 * the database says.
 */
const KEEP = `
  INSERT INTO digests (room, day, data, final)
  SELECT room, $2::date, data, $2::date < (clock_timestamp() AT TIME ZONE 'UTC')::date FROM (${COUNT_DAY}) counted
  ON CONFLICT (room, day) DO UPDATE SET data = excluded.data, final = excluded.final, made_at = clock_timestamp()
  WHERE (excluded.data ->> 'messages')::bigint >= (digests.data ->> 'messages')::bigint`;

const ROOMS = `
  SELECT room FROM rooms WHERE room > $1 AND last_message_at >= $2::date::timestamp AT TIME ZONE 'UTC'
  ORDER BY room LIMIT ${ROOMS_AT_ONCE}`;

const COLUMNS = 'room, day::text AS day, final, made_at, data';
const BETWEEN = `
  SELECT ${COLUMNS} FROM digests WHERE room = $1 AND day BETWEEN $2::date AND $3::date ORDER BY day`;

const LAST = 'SELECT max(day)::text AS day FROM digests WHERE final AND day < $1::date';

type Row = Omit<Digest, 'madeAt'> & { made_at: Date };

/** Every call is one statement, and throws the errors of Postgres. Days are `YYYY-MM-DD`. */
export function createDigestStore(pool: Pool) {
  return {
    /** The next rooms by name that have a message of this day or a later one; none at the end. */
    async rooms(after: string, day: string): Promise<string[]> {
      return (await pool.query<{ room: string }>(ROOMS, [after, day])).rows.map(({ room }) => room);
    },

    /** Counts the day in these rooms and keeps it, in place of what was counted before; how many had a message. */
    async keep(rooms: string[], day: string): Promise<number> {
      return (await pool.query(KEEP, [rooms, day])).rowCount ?? 0;
    },

    /** What a day has come to by now, not kept; undefined where it has no message. */
    async count(room: string, day: string): Promise<DigestData | undefined> {
      return (await pool.query<{ data: DigestData }>(COUNT_DAY, [[room], day])).rows[0]?.data;
    },

    /** Kept digests of the days `from` to `to`, oldest first. */
    async between(room: string, from: string, to: string): Promise<Digest[]> {
      const { rows } = await pool.query<Row>(BETWEEN, [room, from, to]);
      return rows.map(({ made_at, ...digest }) => ({ ...digest, madeAt: made_at.toISOString() }));
    },

    /** The newest day before `day` that some room has a final digest of. */
    async lastBefore(day: string): Promise<string | undefined> {
      return (await pool.query<{ day: string | null }>(LAST, [day])).rows[0]?.day ?? undefined;
    },
  };
}
