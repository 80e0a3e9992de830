/**
 * What comes late of a user who was erased: batches under way, entries redriven, set aside, or withdrawn. Every
 * transaction that stores texts asks first, under a lock that the recording of an erasure takes for itself: a text
 * was stored before the erasure was recorded, and is found by it, or it is never stored.
 */
import type { Decision, Submission } from '../message.ts';
import type { PersistRow } from './rows.ts';
import type { Queryable } from './transaction.ts';
import { type Erasure, pseudonymOf, tellLater, wipe } from './wipe.ts';

/** Beside the locks of migrations, partitions, policies and sanctions. */
export const ERASURE_LOCK = 7_203_007;

const SHARE = 'SELECT pg_advisory_xact_lock_shared($1)';
const NEWEST = `
  SELECT DISTINCT ON (user_id) user_id AS "user", id, at FROM erasures
  WHERE user_id = ANY($1::text[]) ORDER BY user_id, at DESC`;
const COUNT = `
  UPDATE erasures SET counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
  WHERE id = $1`;

/** The erasures that these fall under, by their place; they were written before the erasure. */
export async function erasuresOf(db: Queryable, submissions: Submission[]): Promise<(Erasure | undefined)[]> {
  await db.query(SHARE, [ERASURE_LOCK]);
  const users = [...new Set(submissions.map(({ user }) => user))];
  const { rows } = await db.query<Erasure & { at: Date }>(NEWEST, [users]);
  const known = new Map(rows.map(row => [row.user, row]));
  return submissions.map(({ user, timestamp }) => {
    const found = known.get(user);
    return found !== undefined && Date.parse(timestamp) <= found.at.getTime() ? found : undefined;
  });
}

/** The rows, those of erased users without their texts and names: tombstones are stored of them. */
export async function honourErasures(db: Queryable, rows: PersistRow[]): Promise<PersistRow[]> {
  const erasures = await erasuresOf(
    db,
    rows.map(({ submission }) => submission),
  );
  return rows.map((row, i) => {
    const erasure = erasures[i];
    return erasure === undefined ? row : { ...row, submission: blank(row.submission, erasure), erasure };
  });
}

/** What is left of a submission: its place, and that a moderator decided. */
export function blank(submission: Submission, erasure: Erasure): Submission {
  const { room, epoch, id, offset, revision, timestamp, decision } = submission;
  const { reason: _reason, ...decided } = decision ?? {};
  return {
    ...{ room, epoch, id, offset, revision, timestamp },
    user: pseudonymOf(erasure),
    clientId: '',
    content: '',
    ...(decision === undefined ? {} : { decision: decided as Decision }),
  };
}

/** Wipes what stands of messages that came late, lets their rooms be told, and counts them. Last in a transaction. */
export async function finishErased(db: Queryable, inserted: PersistRow[], standing: PersistRow[]) {
  for (const { submission, erasure } of standing) {
    if (erasure === undefined) continue;
    const { room, id } = submission;
    await countErased(
      db,
      erasure,
      'messages',
      await wipe(db, { room, ids: [id], reason: 'erased', erasure }),
    );
  }
  for (const { submission, erasure } of inserted) {
    if (erasure === undefined) continue;
    await tellLater(db, { room: submission.room, ids: [submission.id], reason: 'erased', erasure });
    await countErased(db, erasure, 'late', 1);
  }
}

/** Adds to what an erasure has erased, in the transaction that erases it. */
export async function countErased(db: Queryable, { id }: Pick<Erasure, 'id'>, what: string, count: number) {
  if (count > 0) await db.query(COUNT, [id, what, count]);
}
