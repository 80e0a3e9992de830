import type { Pool } from 'pg';
import { type DeadLetter, deadLetter, type PersistResult, persist, withdraw } from './persist.ts';
import { fromRow, type PersistRow, type Row, type StoredMessage } from './rows.ts';

export type { DeadLetter, PersistResult } from './persist.ts';
export type { Key, PersistRow, StoredMessage } from './rows.ts';

/** At most one of the cursors; they are message ids, exclusive, but `around`, which includes its own. */
export type PageQuery = { before?: number; after?: number; around?: number; limit: number };
export type Page = { rows: StoredMessage[]; hasOlder: boolean; hasNewer: boolean };
export type RoomsQuery = { after?: string; limit: number; allow?: string[] };
export type StoredRoom = { room: string; lastMessageAt: string; lastId: number };
export type Counts = Record<
  'stored' | 'visible' | 'masked' | 'held' | 'removed' | 'duplicates' | 'deadLettered',
  number
>;

export type MessageStore = ReturnType<typeof createMessageStore>;

const OLDER = 'SELECT * FROM messages WHERE room = $1 AND id < $2 ORDER BY id DESC LIMIT $3';
const NEWER = 'SELECT * FROM messages WHERE room = $1 AND id > $2 ORDER BY id LIMIT $3';
/** Beyond every id. */
const END = Number.MAX_SAFE_INTEGER;

const ROOMS = `
  SELECT room, last_id, last_message_at FROM rooms
  WHERE room > $1 AND ($2::text[] IS NULL OR room LIKE ANY ($2))
  ORDER BY room LIMIT $3`;

const COUNTS = `
  SELECT count(*) AS stored,
    count(*) FILTER (WHERE status = 'visible') AS visible,
    count(*) FILTER (WHERE status = 'masked') AS masked,
    count(*) FILTER (WHERE status = 'held') AS held,
    count(*) FILTER (WHERE status = 'removed') AS removed,
    count(*) FILTER (WHERE reason = 'duplicate') AS duplicates,
    (SELECT count(*) FROM dead_letters WHERE $1::text IS NULL OR room = $1) AS "deadLettered"
  FROM messages WHERE $1::text IS NULL OR room = $1`;

/** The processed store. Everything throws the errors of Postgres; `isTransient` tells which may pass. */
export function createMessageStore(pool: Pool) {
  /** Rows below `before`, newest first, one more than asked to know whether there are more. */
  async function older(room: string, before: number, limit: number) {
    const { rows } = await pool.query<Row>(OLDER, [room, before, limit + 1]);
    return { rows: rows.slice(0, limit).map(fromRow).reverse(), more: rows.length > limit };
  }
  async function newer(room: string, after: number, limit: number) {
    const { rows } = await pool.query<Row>(NEWER, [room, after, limit + 1]);
    return { rows: rows.slice(0, limit).map(fromRow), more: rows.length > limit };
  }

  return {
    persist: (rows: PersistRow[]): Promise<PersistResult> => persist(pool, rows),
    withdraw: (rows: PersistRow[]): Promise<void> => withdraw(pool, rows),
    deadLetter: (letters: DeadLetter[]): Promise<void> => deadLetter(pool, letters),

    /** A page by keyset, oldest first; without a cursor the newest. */
    async page(room: string, { before, after, around, limit }: PageQuery): Promise<Page> {
      if (after !== undefined) {
        const page = await newer(room, after, limit);
        const { rows: below } = await pool.query(
          'SELECT 1 FROM messages WHERE room = $1 AND id <= $2 LIMIT 1',
          [room, after],
        );
        return { rows: page.rows, hasOlder: below.length > 0, hasNewer: page.more };
      }
      if (around !== undefined) {
        const half = Math.floor(limit / 2);
        const [left, right] = await Promise.all([
          older(room, around, half),
          newer(room, around - 1, limit - half),
        ]);
        return { rows: [...left.rows, ...right.rows], hasOlder: left.more, hasNewer: right.more };
      }
      const page = await older(room, before ?? END, limit);
      if (before === undefined) return { rows: page.rows, hasOlder: page.more, hasNewer: false };
      const { rows: above } = await pool.query(
        'SELECT 1 FROM messages WHERE room = $1 AND id >= $2 LIMIT 1',
        [room, before],
      );
      return { rows: page.rows, hasOlder: page.more, hasNewer: above.length > 0 };
    },

    async byId(room: string, id: number): Promise<StoredMessage | undefined> {
      const { rows } = await pool.query<Row>('SELECT * FROM messages WHERE room = $1 AND id = $2', [
        room,
        id,
      ]);
      return rows[0] && fromRow(rows[0]);
    },

    /** Rooms by name; `allow` holds names or `prefix*`, absent for all. */
    async rooms({ after, limit, allow }: RoomsQuery): Promise<{ rooms: StoredRoom[]; hasMore: boolean }> {
      const patterns = allow?.map(name => name.replace(/[\\%_]/g, '\\$&').replace(/\*$/, '%')) ?? null;
      const { rows } = await pool.query(ROOMS, [after ?? '', patterns, limit + 1]);
      const rooms = rows.slice(0, limit).map(row => ({
        room: row.room as string,
        lastMessageAt: (row.last_message_at as Date).toISOString(),
        lastId: row.last_id as number,
      }));
      return { rooms, hasMore: rows.length > limit };
    },

    /** How many messages stand in which way, of one room or of all. */
    async counts(room?: string): Promise<Counts> {
      const { rows } = await pool.query<Counts>(COUNTS, [room ?? null]);
      return rows[0]!;
    },

    /** Dead letters, newest first. */
    async deadLetters({ limit, before }: { limit: number; before?: number }) {
      const { rows } = await pool.query(
        `SELECT id, room, message_id AS "messageId", revision, step, cause, created_at AS "createdAt"
         FROM dead_letters WHERE id < $1 ORDER BY id DESC LIMIT $2`,
        [before ?? END, limit],
      );
      return rows as {
        id: number;
        room: string;
        messageId: number;
        revision: number;
        step: string;
        cause: string;
        createdAt: Date;
      }[];
    },
  };
}
