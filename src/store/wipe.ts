/**
 * Wiping: a message's row stays as a tombstone with its place, its time and why it is gone, and whatever tells what
 * was written, or by whom, leaves it. The ids are put down as untold in the same transaction: whoever dies before
 * the room's log has told of them leaves them to the next one.
 */
import { type Key, WIPED } from './rows.ts';
import type { Queryable } from './transaction.ts';

export type WipeReason = 'expired' | 'erased';
/** The erasure that a row falls under, and whom it erases. */
export type Erasure = { id: number; user: string };
export type Wipe = {
  room: string;
  ids: number[];
} & ({ reason: 'expired' } | { reason: 'erased'; erasure: Erasure });

/**
 * What was deleted or withdrawn before keeps its reason when it expires: there is no news of it. An erased row loses
 * its author, and its clientId, in which a client may write what it likes.
 */
const WIPE = `
  UPDATE messages m SET
    ${Object.entries(WIPED)
      .map(([name, value]) => `${name} = ${value === null ? 'NULL' : `'${value}'`}`)
      .join(', ')},
    reason = CASE WHEN $3 = 'expired' AND m.reason IN ('deleted', 'duplicate') THEN m.reason ELSE $3 END,
    user_id = coalesce($4, m.user_id), client_id = CASE WHEN $4::text IS NULL THEN m.client_id END,
    stored_at = clock_timestamp()
  FROM (
    SELECT id, reason AS was FROM messages
    WHERE room = $1 AND id = ANY($2::bigint[]) AND ($5::text IS NULL OR user_id = $5) ORDER BY id FOR UPDATE) found
  WHERE m.room = $1 AND m.id = found.id
  RETURNING m.id, found.was`;

const UNTOLD = 'INSERT INTO untold (room, reason, pseudonym, ids) VALUES ($1, $2, $3, $4)';
const RAISE =
  "UPDATE messages SET revision = $3 WHERE room = $1 AND id = $2 AND revision < $3 AND status = 'removed'";

/** Stands for the author in a tombstone: no user can have this name. */
export const pseudonymOf = ({ id }: Pick<Erasure, 'id'>) => `erased:${id}`;

/** Wipes rows of a room; answers how many. An erasure leaves rows of others alone. */
export async function wipe(db: Queryable, given: Wipe): Promise<number> {
  const { room, ids, reason } = given;
  if (ids.length === 0) return 0;
  const erasure = given.reason === 'erased' ? given.erasure : undefined;
  const values = [room, ids, reason, erasure ? pseudonymOf(erasure) : null, erasure?.user ?? null];
  const { rows } = await db.query<{ id: number; was: string | null }>(WIPE, values);
  const isNews = (was: string | null) => was !== 'deleted' && was !== 'duplicate';
  const told = rows.filter(({ was }) => reason === 'erased' || isNews(was)).map(({ id }) => id);
  await tellLater(db, { ...given, ids: told });
  return rows.length;
}

/** Puts down messages that the room's log is to tell of as gone. */
export async function tellLater(db: Queryable, given: Wipe): Promise<void> {
  const { room, ids, reason } = given;
  if (ids.length === 0) return;
  await db.query(UNTOLD, [room, reason, given.reason === 'erased' ? pseudonymOf(given.erasure) : null, ids]);
}

/** A tombstone takes the revision of a text that came after it, and nothing else of it. */
export async function raiseRevision(db: Queryable, { room, id, revision }: Key): Promise<void> {
  await db.query(RAISE, [room, id, revision]);
}
