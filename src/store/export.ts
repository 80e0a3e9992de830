/** The processed store in the order of rooms and ids, a stretch of one room at a time. */
import type { Pool } from 'pg';
import { fromRow, READ_COLUMNS, type Row, type StoredMessage } from './rows.ts';

/** Ids are exclusive; of times `from` is inclusive and `until` exclusive. */
export type StretchQuery = {
  room: string;
  after: number;
  before: number;
  from: string | undefined;
  until: string;
  /** Rows looked at, of which those outside the times are left out: so each statement's work is bounded. */
  limit: number;
};
/** `through` is the last id that was looked at; absent where there was none. `more` tells of rows beyond it. */
export type Stretch = { messages: StoredMessage[]; through: number | undefined; more: boolean };
export type ExportStore = ReturnType<typeof createExportStore>;

const STRETCH = `
  WITH stretch AS MATERIALIZED (
    SELECT * FROM messages WHERE room = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4)
  SELECT looked.count, looked.through, inside.* FROM
    (SELECT count(*) AS count, max(id) AS through FROM stretch) looked LEFT JOIN
    (SELECT ${READ_COLUMNS} FROM stretch
      WHERE created_at < $6 AND ($5::timestamptz IS NULL OR created_at >= $5)) inside ON true
  ORDER BY inside.id`;

const NEXT_ROOM = 'SELECT min(room) AS room FROM messages WHERE room > $1';
const NOW = "SELECT date_trunc('milliseconds', clock_timestamp()) AS now";

export function createExportStore(pool: Pool) {
  return {
    /** The time by the clock of the database. */
    async now(): Promise<string> {
      return (await pool.query<{ now: Date }>(NOW)).rows[0]!.now.toISOString();
    },

    /** The next room after a name that has a row; undefined at the end. */
    async nextRoom(after: string): Promise<string | undefined> {
      return (await pool.query<{ room: string | null }>(NEXT_ROOM, [after])).rows[0]!.room ?? undefined;
    },

    async stretch({ room, after, before, from, until, limit }: StretchQuery): Promise<Stretch> {
      type Found = { count: number; through: number | null } & (Row | { room: null });
      const values = [room, after, before, limit, from ?? null, until];
      const { rows } = await pool.query<Found>(STRETCH, values);
      const { count, through } = rows[0]!;
      return {
        messages: rows.filter((row): row is Found & Row => row.room !== null).map(fromRow),
        through: through ?? undefined,
        more: count === limit,
      };
    },
  };
}
