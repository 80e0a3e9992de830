/** The audit trail: what moderators did. Entries are added, never changed. */
import type { Pool } from 'pg';
import type { Submission } from '../message.ts';
import type { Queryable } from './transaction.ts';

/** `messageId`, `revision` and `was` are of decisions on messages, `until` of mutes and bans that end. */
export type ModerationEntry = {
  id: number;
  action: 'release' | 'remove' | 'mute' | 'unmute' | 'ban' | 'unban';
  by: string;
  user: string;
  messageId?: number;
  revision?: number;
  was?: string;
  reason?: string;
  until?: string;
  at: string;
};

const INSERT = `
  INSERT INTO moderation_log (scope, action, actor, subject, message_id, revision, entry, was, reason, at)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::bigint[],
    $8::text[], $9::text[], $10::timestamptz[])
  ON CONFLICT (scope, entry) DO NOTHING`;

const PAGE = `
  SELECT id, action, actor, subject, message_id, revision, was, reason, until, at FROM moderation_log
  WHERE scope = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;

type Row = {
  id: number;
  action: ModerationEntry['action'];
  actor: string;
  subject: string;
  message_id: number | null;
  revision: number | null;
  was: string | null;
  reason: string | null;
  until: Date | null;
  at: Date;
};

/** Notes the decisions among these submissions, each once, in the transaction that stores them. */
export async function addDecisions(db: Queryable, submissions: Submission[]): Promise<void> {
  const decided = submissions.flatMap(submission =>
    submission.decision === undefined ? [] : [{ ...submission, decision: submission.decision }],
  );
  if (decided.length === 0) return;
  await db.query(INSERT, [
    decided.map(({ room }) => room),
    decided.map(({ decision }) => decision.action),
    decided.map(({ decision }) => decision.by),
    decided.map(({ user }) => user),
    decided.map(({ id }) => id),
    decided.map(({ revision }) => revision),
    decided.map(({ offset }) => offset),
    decided.map(({ decision }) => decision.was),
    decided.map(({ decision }) => decision.reason ?? null),
    decided.map(({ decision }) => decision.at),
  ]);
}

/** Entries of a room (or `*`), newest first, those below the id `before`. Throws what Postgres says. */
export async function moderationLog(
  pool: Pool,
  scope: string,
  { before, limit }: { before?: number; limit: number },
): Promise<ModerationEntry[]> {
  const { rows } = await pool.query<Row>(PAGE, [scope, before ?? null, limit]);
  return rows.map(entryOf);
}

function entryOf({ id, action, actor, subject, at, ...row }: Row): ModerationEntry {
  return {
    id,
    action,
    by: actor,
    user: subject,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    ...(row.revision === null ? {} : { revision: row.revision }),
    ...(row.was === null ? {} : { was: row.was }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.until === null ? {} : { until: row.until.toISOString() }),
    at: at.toISOString(),
  };
}
