import type { Submission } from '../message.ts';
import type { Queryable } from './transaction.ts';

export type DeadLetter = { submission: Submission; step: string; cause: string };
/** A dead letter as it is kept. In the texts of `entry` a NUL or a lone surrogate stands as the six characters of its escape. */
export type KeptLetter = {
  id: number;
  room: string;
  messageId: number;
  revision: number;
  step: string;
  cause: string;
  entry: Submission;
  createdAt: string;
  redrivenAt?: string;
};
export type DeadLettersQuery = { limit: number; after?: number };

/** A longer cause is cut. */
const MAX_CAUSE = 1_000;

const INSERT = `
  INSERT INTO dead_letters (room, message_id, revision, step, cause, entry)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::jsonb[])
  ON CONFLICT (room, message_id, revision, step) DO NOTHING`;

const LIST = `
  SELECT id, room, message_id, revision, step, cause, entry, created_at, redriven_at FROM dead_letters
  WHERE id > $1 ORDER BY id LIMIT $2`;

type Row = Omit<KeptLetter, 'messageId' | 'createdAt' | 'redrivenAt'> & {
  message_id: number;
  created_at: Date;
  redriven_at: Date | null;
};

/** Sets entries aside with their cause; one that the same step set aside before stays as it is. */
export async function addDeadLetters(db: Queryable, letters: DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await db.query(INSERT, [
    letters.map(({ submission }) => escaped(submission.room)),
    letters.map(({ submission }) => submission.id),
    letters.map(({ submission }) => submission.revision),
    letters.map(({ step }) => escaped(step)),
    letters.map(({ cause }) => escaped(cause).slice(0, MAX_CAUSE)),
    letters.map(({ submission }) => JSON.stringify(submission, escapeText)),
  ]);
}

/** Dead letters in the order of their making, those after the id `after`; at most `limit`. */
export async function listDeadLetters(db: Queryable, { limit, after = 0 }: DeadLettersQuery) {
  const { rows } = await db.query<Row>(LIST, [after, limit]);
  return rows.map(
    ({ message_id, created_at, redriven_at, ...row }): KeptLetter => ({
      ...row,
      messageId: message_id,
      createdAt: created_at.toISOString(),
      ...(redriven_at === null ? {} : { redrivenAt: redriven_at.toISOString() }),
    }),
  );
}

/** NUL and lone surrogates, which neither text nor jsonb can hold: the very thing that brings a letter here. */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

function escaped(text: string): string {
  return text.replace(UNSTORABLE, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapeText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? escaped(value) : value;
}
