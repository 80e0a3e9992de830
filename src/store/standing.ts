import type { PoolClient } from 'pg';
import type { Submission } from '../message.ts';
import type { PersistRow, Row } from './rows.ts';

type Standing = Pick<
  Row,
  'room' | 'id' | 'revision' | 'user_id' | 'client_id' | 'status' | 'reason' | 'ruling'
>;

/** Rows that stand in the way of others: under the same id, or under the same key of the client. */
export type Standings = {
  byId(submission: Submission): Standing | undefined;
  byClient(submission: Submission): Standing | undefined;
};

/**
 * LIMIT 1 keeps the planner at one index lookup a row: it knows nothing of a young table, and would read all of it.
 * The keys are in order before the first row is locked.
 */
export const STANDING = `
  SELECT m.room, m.id, m.revision, m.user_id, m.client_id, m.status, m.reason, m.ruling
  FROM (
    SELECT found.room, found.id FROM unnest($1::text[], $2::bigint[]) AS batch (room, id), LATERAL (
      SELECT m.room, m.id FROM messages m WHERE m.room = batch.room AND m.id = batch.id LIMIT 1) found
    UNION
    SELECT found.room, found.id FROM unnest($1::text[], $3::text[], $4::text[]) AS batch (room, user_id, client_id),
      LATERAL (
        SELECT m.room, m.id FROM messages m
        WHERE m.room = batch.room AND m.user_id = batch.user_id AND m.client_id = batch.client_id LIMIT 1) found
    ORDER BY room, id
  ) keys, LATERAL (
    SELECT * FROM messages m WHERE m.room = keys.room AND m.id = keys.id FOR UPDATE) m`;

/** Finds, and locks in the order of their keys until the transaction ends, what stands in the way of `rows`. */
export async function findStanding(client: PoolClient, rows: PersistRow[]): Promise<Standings> {
  const submissions = rows.map(({ submission }) => submission);
  const { rows: found } = await client.query<Standing>(STANDING, [
    submissions.map(({ room }) => room),
    submissions.map(({ id }) => id),
    submissions.map(({ user }) => user),
    submissions.map(({ clientId }) => clientId),
  ]);
  const ids = new Map(found.map(row => [`${row.room} ${row.id}`, row]));
  const clients = new Map(found.map(row => [`${row.room} ${row.user_id} ${row.client_id}`, row]));
  return {
    byId: ({ room, id }) => ids.get(`${room} ${id}`),
    byClient: ({ room, user, clientId }) => clients.get(`${room} ${user} ${clientId}`),
  };
}
