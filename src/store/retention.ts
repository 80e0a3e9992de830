/** How long rooms keep messages: settings by scope, and the batches in which a purge takes what is older. */
import type { Pool } from 'pg';
import { bury, expiredLetters } from './bury.ts';
import { inTransaction, type Queryable } from './transaction.ts';
import { wipe } from './wipe.ts';

/** The scope of the default; any other is a room's name. */
export const DEFAULT_SCOPE = '*';
/** `days` null: for good. `setAt` in ISO 8601. */
export type RetentionSetting = { days: number | null; author: string; reason?: string; setAt: string };
export type NewSetting = { scope: string; days: number | null; author: string; reason?: string };
/** A purge's run, by whom, as its trail shows it. */
export type PurgeRun = { run: string; by: string };
export type Due = { room: string; days: number };
/** An entry of the trail: what one run removed from one room. */
export type Purged = {
  id: number;
  run: string;
  room: string;
  days: number;
  by: string;
  messages: number;
  letters: number;
  begunAt: string;
  lastAt: string;
};

const ROOMS = 200;
const BATCH = 500;

const SET = 'INSERT INTO retention (scope, days, lifted, author, reason) VALUES ($1, $2, $3, $4, $5)';
const FIND = 'SELECT days, author, reason, set_at FROM retention_now WHERE scope = $1';
/**
 * One short look-up of an index for each room, however many messages there are: the order names the index, and a
 * time that stands still for the statement can be looked up in it. Exported, as the next one, for its plan.
 */
export const DUE = `
  SELECT known.room, kept.days, found.room IS NOT NULL AS due FROM (
    SELECT room FROM rooms WHERE room > $1 ORDER BY room LIMIT ${ROOMS}) known
  LEFT JOIN LATERAL (
    SELECT days FROM retention_now WHERE scope IN (known.room, '*') ORDER BY scope = '*' LIMIT 1) kept ON true
  LEFT JOIN LATERAL (
    SELECT m.room FROM messages m
    WHERE m.room = known.room AND m.verdict IS NOT NULL
      AND m.created_at < now() - make_interval(days => kept.days) ORDER BY m.created_at LIMIT 1) found ON true
  ORDER BY known.room`;
export const OLDEST = `
  SELECT id FROM messages
  WHERE room = $1 AND verdict IS NOT NULL AND created_at < now() - make_interval(days => $2)
  ORDER BY created_at LIMIT ${BATCH}`;
const NOTE = `
  INSERT INTO purges AS p (run, room, days, actor, messages, letters) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (run, room) DO UPDATE SET
    messages = p.messages + excluded.messages, letters = p.letters + excluded.letters, last_at = clock_timestamp()`;
const TRAIL = `
  SELECT id, run, room, days, actor, messages, letters, begun_at, last_at FROM purges
  WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`;

export type RetentionStore = ReturnType<typeof createRetentionStore>;

/** Every call throws what Postgres says. */
export function createRetentionStore(pool: Pool) {
  const note = (
    db: Queryable,
    { run, by }: PurgeRun,
    { room, days }: Due,
    messages: number,
    letters: number,
  ) => db.query(NOTE, [run, room, days, by, messages, letters]);

  return {
    /** The setting of a scope; undefined where it has none. */
    async setting(scope: string): Promise<RetentionSetting | undefined> {
      type Row = { days: number | null; author: string; reason: string | null; set_at: Date };
      const [row] = (await pool.query<Row>(FIND, [scope])).rows;
      if (row === undefined) return undefined;
      const { days, author, reason, set_at } = row;
      return { days, author, ...(reason === null ? {} : { reason }), setAt: set_at.toISOString() };
    },

    /** Sets how long a scope keeps messages; it is told who set it, when and why. */
    async set({ scope, days, author, reason }: NewSetting): Promise<void> {
      await pool.query(SET, [scope, days, false, author, reason ?? null]);
    },

    /** Takes the setting of a scope away. */
    async lift(scope: string, author: string): Promise<void> {
      await pool.query(SET, [scope, null, true, author, null]);
    },

    /** The next rooms after a name: the last name looked at, and those that hold what is too old. */
    async due(after: string): Promise<{ last: string | undefined; rooms: Due[] }> {
      const { rows } = await pool.query<Due & { due: boolean }>(DUE, [after]);
      return { last: rows.at(-1)?.room, rooms: rows.flatMap(({ due, ...found }) => (due ? [found] : [])) };
    },

    /** Wipes the oldest messages of a room that are too old, a batch of them; answers how many. */
    expire: (run: PurgeRun, due: Due): Promise<number> =>
      inTransaction(pool, async client => {
        const { rows } = await client.query<{ id: number }>(OLDEST, [due.room, due.days]);
        const ids = rows.map(({ id }) => id);
        const messages = await wipe(client, { room: due.room, ids, reason: 'expired' });
        if (messages > 0) await note(client, run, due, messages, 0);
        return messages;
      }),

    /** Takes away a batch of dead letters that are older than their rooms keep anything; answers how many. */
    expireLetters: (run: PurgeRun): Promise<number> =>
      inTransaction(pool, async client => {
        const letters = await expiredLetters(client);
        await bury(client, letters, { reason: 'expired' });
        for (const { room, days } of letters) await note(client, run, { room, days }, 0, 1);
        return letters.length;
      }),

    /** What was purged, newest first; those below the id `before`. */
    async trail({ before, limit }: { before?: number; limit: number }): Promise<Purged[]> {
      type Row = Omit<Purged, 'by' | 'begunAt' | 'lastAt'> & { actor: string; begun_at: Date; last_at: Date };
      const { rows } = await pool.query<Row>(TRAIL, [before ?? null, limit]);
      return rows.map(({ actor, begun_at, last_at, ...row }) => ({
        ...row,
        by: actor,
        begunAt: begun_at.toISOString(),
        lastAt: last_at.toISOString(),
      }));
    },
  };
}
