/** The pages that a run goes over, by keyset: so many rows are looked at, however few of them are in its range. */
import type { ReprocessRun, RunRange } from './reprocess-runs.ts';
import { fromRow, READ_COLUMNS, type Row, type StoredMessage } from './rows.ts';
import type { Queryable } from './transaction.ts';

export type Scanned = StoredMessage & {
  /** The policy that last found the verdict right, where that is another one than gave it. */
  confirmed?: string;
  /** A moderator decided on this revision. */
  ruled: boolean;
};
/** `last` is the key of the last row looked at; undefined at the end. */
export type ScannedPage = { messages: Scanned[]; scanned: number; last?: { room: string; id: number } };

const COLUMNS = `${READ_COLUMNS}, confirmed`;
/** Exported for their plans. */
export const SCAN_ALL = `
  SELECT ${COLUMNS} FROM messages WHERE (room, id) > ($1, $2) ORDER BY room, id LIMIT $3`;
export const SCAN_ROOM = `
  SELECT ${COLUMNS} FROM messages WHERE room = $1 AND id > $2 ORDER BY id LIMIT $3`;

/** The next page of a run's range after its cursor. */
export async function scanPage(
  db: Queryable,
  { spec, cursor }: Pick<ReprocessRun, 'spec' | 'cursor'>,
  limit: number,
): Promise<ScannedPage> {
  const rows =
    spec.rooms === undefined
      ? await scanAll(db, cursor, limit)
      : await scanRooms(db, { spec, cursor }, limit);
  const last = rows.at(-1);
  return {
    messages: rows.filter(row => inRange(row, spec)).map(scannedOf),
    scanned: rows.length,
    ...(last === undefined ? {} : { last: { room: last.room, id: last.id } }),
  };
}

type ScanRow = Row & { confirmed: string | null };
type Cursor = { room: string; id: number };

async function scanAll(db: Queryable, { room, id }: Cursor, limit: number): Promise<ScanRow[]> {
  return (await db.query<ScanRow>(SCAN_ALL, [room, id, limit])).rows;
}

/** Room by room, in the order of their names; ids before and beyond those asked for are not looked at. */
async function scanRooms(
  db: Queryable,
  { spec, cursor }: { spec: RunRange; cursor: Cursor },
  limit: number,
): Promise<ScanRow[]> {
  const found: ScanRow[] = [];
  for (const room of [...spec.rooms!].sort()) {
    if (room < cursor.room || found.length >= limit) continue;
    const after = Math.max(room === cursor.room ? cursor.id : 0, (spec.fromId ?? 1) - 1);
    const { rows } = await db.query<ScanRow>(SCAN_ROOM, [room, after, limit - found.length]);
    found.push(...rows.filter(({ id }) => id <= (spec.toId ?? Number.MAX_SAFE_INTEGER)));
  }
  return found;
}

function inRange(
  { id, created_at }: ScanRow,
  { from, to, fromId, toId, through }: RunRange & { through: string },
): boolean {
  const at = created_at.getTime();
  return (
    at <= Date.parse(through) &&
    (from === undefined || at >= Date.parse(from)) &&
    (to === undefined || at < Date.parse(to)) &&
    (fromId === undefined || id >= fromId) &&
    (toId === undefined || id <= toId)
  );
}

function scannedOf(row: ScanRow): Scanned {
  return {
    ...fromRow(row),
    ruled: row.ruling !== null,
    ...(row.confirmed === null ? {} : { confirmed: row.confirmed }),
  };
}

/** How many messages are in the range; throws where that takes longer than a statement may. */
export async function countRange(
  db: Queryable,
  { rooms, from, to, fromId, toId, through }: RunRange & { through: string },
): Promise<number> {
  const { rows } = await db.query<{ total: number }>(
    `SELECT count(*) AS total FROM messages
     WHERE created_at <= $1 AND ($2::text[] IS NULL OR room = ANY($2)) AND ($3::timestamptz IS NULL OR created_at >= $3)
       AND ($4::timestamptz IS NULL OR created_at < $4) AND ($5::bigint IS NULL OR id >= $5)
       AND ($6::bigint IS NULL OR id <= $6)`,
    [through, rooms ?? null, from ?? null, to ?? null, fromId ?? null, toId ?? null],
  );
  return rows[0]!.total;
}
