/** What waits for a moderator: messages that a rule hit and on which nobody decided, by keyset over their own index. */
import type { Pool } from 'pg';
import { fromRow, READ_COLUMNS, type Row, type StoredMessage } from './rows.ts';

/** The condition is the index's, word for word. */
export const QUEUE = `
  SELECT ${READ_COLUMNS} FROM messages
  WHERE ruling IS NULL AND verdict ->> 'action' <> 'allow' AND (reason IS NULL OR reason IN ('moderated', 'held'))
    AND room = $1 AND id > $2
  ORDER BY id LIMIT $3`;

export type QueuePage = { messages: StoredMessage[]; hasMore: boolean };

/** Oldest first, those after the id `after`. Throws what Postgres says. */
export async function moderationQueue(
  pool: Pool,
  room: string,
  { after = 0, limit }: { after?: number; limit: number },
): Promise<QueuePage> {
  const { rows } = await pool.query<Row>(QUEUE, [room, after, limit + 1]);
  return { messages: rows.slice(0, limit).map(fromRow), hasMore: rows.length > limit };
}
