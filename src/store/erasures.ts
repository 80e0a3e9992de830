/** Erasures of users: their record, and the batches in which the store forgets what a user wrote. */
import type { Pool } from 'pg';
import { buryOfUser } from './bury.ts';
import { countErased, ERASURE_LOCK } from './erased.ts';
import { inTransaction, withClient } from './transaction.ts';
import { type Erasure, pseudonymOf, wipe } from './wipe.ts';

/** Something that outlives an erasure: where, what it holds, and until when; null where that is not known. */
export type Remains = { where: string; holds: 'text' | 'name'; until: string | null; note: string };
/** Times in ISO 8601; `counts` is what was erased, by where it was. */
export type ErasureRecord = {
  id: number;
  user: string;
  by: string;
  reason?: string;
  at: string;
  state: 'recorded' | 'done';
  counts: Record<string, number>;
  remains?: Remains[];
  endedAt?: string;
};
type Row = {
  id: number;
  user_id: string;
  actor: string;
  reason: string | null;
  at: Date;
  counts: Record<string, number>;
  remains: Remains[] | null;
  ended_at: Date | null;
};

const BATCH = 500;
const ROOMS = 500;
const COLUMNS = 'id, user_id, actor, reason, at, counts, remains, ended_at';
const ALONE = 'SELECT pg_advisory_xact_lock($1)';
/** The later of the two clocks: the gateway's set the times of messages. */
const RECORD = `
  INSERT INTO erasures (user_id, actor, reason, at)
  VALUES ($1, $2, $3, greatest(clock_timestamp(), $4::timestamptz)) RETURNING ${COLUMNS}`;
const BY_ID = `SELECT ${COLUMNS} FROM erasures WHERE id = $1`;
const OPEN = `SELECT ${COLUMNS} FROM erasures WHERE ended_at IS NULL ORDER BY id LIMIT 20`;
const END =
  'UPDATE erasures SET remains = $2, ended_at = clock_timestamp() WHERE id = $1 AND ended_at IS NULL';
/** The order names the index that begins with room and user. */
const ROOMS_OF = `
  SELECT known.room, found.room IS NOT NULL AS wrote FROM (
    SELECT room FROM rooms WHERE room > $1 ORDER BY room LIMIT ${ROOMS}) known
  LEFT JOIN LATERAL (
    SELECT m.room FROM messages m
    WHERE m.room = known.room AND m.user_id = $2 AND m.created_at <= $3 ORDER BY m.client_id LIMIT 1) found ON true
  ORDER BY known.room`;
const OF_USER = `
  SELECT id FROM messages WHERE room = $1 AND user_id = $2 AND created_at <= $3 ORDER BY client_id LIMIT ${BATCH}`;

/**
 * Every other table that holds what a user wrote, or what others wrote of it, is cleaned here: a new one gets its
 * line. $1 is the user, $2 stands for the name, $3 is until when; each statement takes 500 rows and is repeated until
 * it finds none. Whoever writes such a table later than that honours erasures as erased.ts does. What runs over
 * history record of a message holds neither text nor name.
 */
const ELSEWHERE: { name: string; sql: string }[] = [
  {
    // Who decided what, and when, stays; why may quote the text.
    name: 'moderationLog',
    sql: `UPDATE moderation_log SET reason = NULL, subject = CASE WHEN message_id IS NULL THEN subject ELSE $2 END
      WHERE id IN (
        SELECT id FROM moderation_log WHERE subject = $1 AND at <= $3 AND (message_id IS NOT NULL OR reason IS NOT NULL)
        LIMIT ${BATCH})`,
  },
  {
    // A ban or mute goes on; it knows the user by name.
    name: 'sanctions',
    sql: `UPDATE sanctions SET reason = NULL WHERE (scope, kind) IN (
        SELECT scope, kind FROM sanctions WHERE user_id = $1 AND reason IS NOT NULL LIMIT ${BATCH}) AND user_id = $1
      AND $2::text IS NOT NULL AND created_at <= $3`,
  },
];
const TABLES = ['messages', 'dead_letters', 'moderation_log', 'sanctions'];
const VACUUM_TIMEOUT_MS = 600_000;

export type ErasureStore = ReturnType<typeof createErasureStore>;

/** Every call throws what Postgres says. */
export function createErasureStore(pool: Pool) {
  const erasureOf = ({ id, user, at }: ErasureRecord): Erasure & { at: Date } => ({
    id,
    user,
    at: new Date(at),
  });

  return {
    /** Records an erasure, which counts from then on; waits for transactions that are storing texts. */
    record: (given: { user: string; by: string; reason?: string }): Promise<ErasureRecord> =>
      inTransaction(pool, async client => {
        await client.query(ALONE, [ERASURE_LOCK]);
        const values = [given.user, given.by, given.reason ?? null, new Date().toISOString()];
        return recordOf((await client.query<Row>(RECORD, values)).rows[0]!);
      }),

    async byId(id: number): Promise<ErasureRecord | undefined> {
      return (await pool.query<Row>(BY_ID, [id])).rows.map(recordOf)[0];
    },

    /** The oldest that are not done. */
    open: async (): Promise<ErasureRecord[]> => (await pool.query<Row>(OPEN)).rows.map(recordOf),

    /** The next rooms after a name, and which of them hold something that the user wrote. */
    async rooms(record: ErasureRecord, after: string): Promise<{ all: string[]; wrote: string[] }> {
      const { user, at } = erasureOf(record);
      const { rows } = await pool.query<{ room: string; wrote: boolean }>(ROOMS_OF, [after, user, at]);
      return {
        all: rows.map(({ room }) => room),
        wrote: rows.filter(({ wrote }) => wrote).map(({ room }) => room),
      };
    },

    /** Wipes a batch of what the user wrote in a room; answers how many, 0 when there is nothing left. */
    eraseIn: (record: ErasureRecord, room: string): Promise<number> =>
      inTransaction(pool, async client => {
        const erasure = erasureOf(record);
        const { rows } = await client.query<{ id: number }>(OF_USER, [room, erasure.user, erasure.at]);
        const ids = rows.map(({ id }) => id);
        const count = await wipe(client, { room, ids, reason: 'erased', erasure });
        await countErased(client, erasure, 'messages', count);
        return count;
      }),

    /** Takes away a batch of the user's dead letters; answers how many. */
    eraseLetters: (record: ErasureRecord): Promise<number> => buryOfUser(pool, erasureOf(record)),

    /** Cleans a batch of every other table; answers how many rows. */
    async eraseElsewhere(record: ErasureRecord): Promise<number> {
      const erasure = erasureOf(record);
      let all = 0;
      for (const { name, sql } of ELSEWHERE) {
        all += await inTransaction(pool, async client => {
          const { rowCount } = await client.query(sql, [erasure.user, pseudonymOf(erasure), erasure.at]);
          await countErased(client, erasure, name, rowCount ?? 0);
          return rowCount ?? 0;
        });
      }
      return all;
    },

    /** Adds to the counts of what was erased outside of Postgres. */
    count: ({ id }: ErasureRecord, what: string, count: number): Promise<void> =>
      countErased(pool, { id }, what, count),

    /** Ends an erasure, with what outlives it. */
    async end({ id }: ErasureRecord, remains: Remains[]): Promise<void> {
      await pool.query(END, [id, JSON.stringify(remains)]);
    },

    /** Takes dead rows out of the tables; answers how far the write-ahead log had come then, and what it keeps. */
    vacuum: (): Promise<{ lsn: string }> =>
      withClient(pool, async client => {
        const run = (text: string) =>
          client.query<{ lsn: string }>({ text, query_timeout: VACUUM_TIMEOUT_MS } as { text: string });
        await run(`SET statement_timeout = ${VACUUM_TIMEOUT_MS}`);
        for (const table of TABLES) await run(`VACUUM ${table}`);
        await run('RESET statement_timeout');
        return { lsn: (await run('SELECT pg_current_wal_lsn()::text AS lsn')).rows[0]!.lsn };
      }),
  };
}

function recordOf({ user_id, actor, reason, at, counts, remains, ended_at, id }: Row): ErasureRecord {
  return {
    id,
    user: user_id,
    by: actor,
    ...(reason === null ? {} : { reason }),
    at: at.toISOString(),
    state: ended_at === null ? 'recorded' : 'done',
    counts,
    ...(remains === null ? {} : { remains }),
    ...(ended_at === null ? {} : { endedAt: ended_at.toISOString() }),
  };
}
