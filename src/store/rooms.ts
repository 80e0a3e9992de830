import type { PersistRow } from './rows.ts';
import type { Queryable } from './transaction.ts';

export type StoredRoom = { room: string; lastMessageAt: string; lastId: number };
export type RoomsQuery = {
  /** The last name of the page before. */
  after?: string;
  limit: number;
  /** Names or `prefix*`; absent for every room. */
  allow?: string[];
};
export type RoomsPage = { rooms: StoredRoom[]; hasMore: boolean };

const TOUCH = `
  INSERT INTO rooms (room, last_id, last_message_at)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[])
  ON CONFLICT (room) DO UPDATE SET
    last_id = greatest(rooms.last_id, excluded.last_id),
    last_message_at = greatest(rooms.last_message_at, excluded.last_message_at)
  WHERE excluded.last_id > rooms.last_id OR excluded.last_message_at > rooms.last_message_at`;

/** One short walk of the primary key for each allowed range, however many rooms there are. */
export const LIST_ROOMS = `
  SELECT DISTINCT found.room, found.last_id, found.last_message_at
  FROM unnest($2::text[], $3::text[]) AS allowed (low, high), LATERAL (
    SELECT * FROM rooms WHERE room > $1 AND room >= low AND room <= high ORDER BY room LIMIT $4) found
  ORDER BY found.room LIMIT $4`;

/** Above every character that a room's name may have. */
const LAST = '~';

/** Notes the newest message of each room. Rows come in the order of their rooms, in which these are locked. */
export async function touchRooms(db: Queryable, rows: PersistRow[]): Promise<void> {
  const newest = new Map<string, { id: number; at: string }>();
  for (const { submission } of rows) {
    const { room, id, timestamp } = submission;
    const known = newest.get(room);
    newest.set(room, {
      id: Math.max(id, known?.id ?? 0),
      at: known !== undefined && Date.parse(known.at) > Date.parse(timestamp) ? known.at : timestamp,
    });
  }
  if (newest.size === 0) return;
  const values = [...newest.values()];
  await db.query(TOUCH, [[...newest.keys()], values.map(({ id }) => id), values.map(({ at }) => at)]);
}

/** Rooms in the order of their names, byte by byte. Its cost grows with `allow` and `limit` alone. */
export async function listRooms(
  db: Queryable,
  { after = '', limit, allow = ['*'] }: RoomsQuery,
): Promise<RoomsPage> {
  const ranges = allow.map(name => {
    const prefix = name.replace(/\*$/, '');
    return { low: prefix, high: name.endsWith('*') ? prefix + LAST : name };
  });
  const { rows } = await db.query<{ room: string; last_id: number; last_message_at: Date }>(LIST_ROOMS, [
    after,
    ranges.map(({ low }) => low),
    ranges.map(({ high }) => high),
    limit + 1,
  ]);
  const rooms = rows.slice(0, limit).map(({ room, last_id, last_message_at }) => ({
    room,
    lastMessageAt: last_message_at.toISOString(),
    lastId: last_id,
  }));
  return { rooms, hasMore: rows.length > limit };
}
