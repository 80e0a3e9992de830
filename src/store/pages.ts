/** History pages by keyset: the cursor is an id, never a count, so that a page costs the same however old it is. */
import type { LoggedMessage } from '../rooms/log-types.ts';
import {
  fromRow,
  fromShownRow,
  READ_COLUMNS,
  type Row,
  SHOWN_COLUMNS,
  type ShownRow,
  type StoredMessage,
} from './rows.ts';
import type { Queryable } from './transaction.ts';

/** At most one of the cursors; they are message ids, exclusive, but `around`, which includes its own. */
export type PageQuery = { before?: number; after?: number; around?: number; limit: number };
/** Rows are oldest first. `hasOlder` and `hasNewer` tell of rows beyond the page, also where it is empty. */
export type Page<M = StoredMessage> = { rows: M[]; hasOlder: boolean; hasNewer: boolean };

/** Every page is what lies below a pivot, from it downwards, and what lies at or above it, upwards. */
const pageOf = (columns: string) => `
  (SELECT ${columns} FROM messages WHERE room = $1 AND id < $2 ORDER BY id DESC LIMIT $3)
  UNION ALL
  (SELECT ${columns} FROM messages WHERE room = $1 AND id >= $2 ORDER BY id LIMIT $4)`;
export const PAGE = pageOf(READ_COLUMNS);
export const SHOWN_PAGE = pageOf(SHOWN_COLUMNS);

const ONE = `SELECT ${READ_COLUMNS} FROM messages WHERE room = $1 AND id = $2`;

/** Beyond every id. */
const END = Number.MAX_SAFE_INTEGER;

/** The values of a page's statement; one row more than wanted on either side tells whether there is more. */
export function pageValues(room: string, query: PageQuery): [string, number, number, number] {
  const { pivot, below, above } = planOf(query);
  return [room, pivot, below + 1, above + 1];
}

/** Where the page's pivot lies, and how many rows it wants on either side. */
function planOf({ before, after, around, limit }: PageQuery) {
  if (after !== undefined) return { pivot: after + 1, below: 0, above: limit };
  if (around !== undefined) {
    const below = Math.floor(limit / 2);
    return { pivot: around, below, above: limit - below };
  }
  return { pivot: before ?? END, below: limit, above: 0 };
}

/** Reads one page, with all that is stored. */
export async function readPage(db: Queryable, room: string, query: PageQuery): Promise<Page> {
  const { rows } = await db.query<Row>(PAGE, pageValues(room, query));
  return cut(rows, query, fromRow);
}

/** Reads one page, of what readers see. */
export async function readShownPage(
  db: Queryable,
  room: string,
  query: PageQuery,
): Promise<Page<LoggedMessage>> {
  const { rows } = await db.query<ShownRow>(SHOWN_PAGE, pageValues(room, query));
  return cut(rows, query, fromShownRow);
}

function cut<R extends { id: number }, M>(rows: R[], query: PageQuery, from: (row: R) => M): Page<M> {
  const { pivot, below, above } = planOf(query);
  const older = rows.filter(({ id }) => id < pivot).sort((a, b) => b.id - a.id);
  const newer = rows.filter(({ id }) => id >= pivot).sort((a, b) => a.id - b.id);
  return {
    rows: [...older.slice(0, below).reverse(), ...newer.slice(0, above)].map(from),
    hasOlder: older.length > below,
    hasNewer: newer.length > above,
  };
}

/** One message, or undefined where none is stored under the id. */
export async function readMessage(
  db: Queryable,
  room: string,
  id: number,
): Promise<StoredMessage | undefined> {
  const { rows } = await db.query<Row>(ONE, [room, id]);
  return rows[0] && fromRow(rows[0]);
}
